/** What objects saw close is counted once each, and a restart loses nothing that was answered. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { fresh } from "./peers.ts";

const newMeter = () => env.METERS.getByName(fresh("meter-"));

it("counts N closes that came at once as N, and goes on from there when its memory was taken", async () => {
  const meter = newMeter();
  const close = () => meter.socketClosed("terminal", closes.sessionEnded.code);
  await Promise.all(Array.from({ length: 40 }, close));
  await evictDurableObject(meter);
  await Promise.all([...Array.from({ length: 10 }, close), meter.socketClosed("link", 1000)]);
  expect(await meter.closedSockets()).toEqual([
    { kind: "link", code: "1000", count: 1 },
    { kind: "terminal", code: String(closes.sessionEnded.code), count: 50 },
  ]);
});

it("keeps few rows, whatever codes peers make up", async () => {
  const meter = newMeter();
  await Promise.all(Array.from({ length: 200 }, (_, index) => meter.socketClosed("data", 4100 + index)));
  expect(await meter.closedSockets()).toEqual([{ kind: "data", code: "other", count: 200 }]);
});
