/** What clients of all kinds put on the wire below JSON: their offers of compression, and text that is no UTF-8. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { beforeAll, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { type SharedProduct, sharedProduct } from "../e2e/support/shared.ts";
import { newAccount, newApp } from "./app.ts";
import * as decode from "./decode.ts";

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

/** What an upgrade that offers this is answered with. */
async function agreed(offer: string): Promise<string | undefined> {
  const asked = request(`${product.url}/api/v1/ws/terminal/env_00000000000000000000`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...(offer === "" ? {} : { "sec-websocket-extensions": offer }),
    },
  }).end();
  const [response, socket] = (await once(asked, "upgrade")) as [IncomingMessage, { destroy(): void }];
  socket.destroy();
  return response.headers["sec-websocket-extensions"];
}

it.each([
  ["nothing", "", undefined],
  ["what browsers offer", "permessage-deflate; client_max_window_bits", [10, 13]],
  ["what offers no window of its own, and hangs up on one", "permessage-deflate", [undefined, 13]],
  ["smaller windows than ours", "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9", [9, 9]],
  ["another kind of compression", "x-webkit-deflate-frame", undefined],
  ["junk", "junk;;;=,", undefined],
])("compression: %s is answered with no more than was offered, and small windows", async (_name, offer, windows) => {
  const answer = await agreed(offer);
  const bits = (side: string) => /=(\d+)/.exec(answer?.split(";").find((each) => each.includes(side)) ?? "")?.[1];
  const told = [bits("client_max"), bits("server_max")].map((each) => (each === undefined ? each : Number(each)));
  expect(answer === undefined ? answer : told).toEqual(windows);
});

it("text that is no UTF-8 is a bad frame, and inside input it is a replacement character", async () => {
  const app = newApp(product.url);
  await app.read(decode.registered, "POST", "/auth/register", newAccount());
  const { id } = await app.read(decode.environment, "POST", "/environments", { name: "bytes", templateId: "ubuntu" });
  const address = `${product.url.replace("http", "ws")}/api/v1/ws/terminal/${id}?token=${app.stored.access_token}`;
  const socket = new WebSocket(address);
  const frames: { type: string; data?: string; code?: string }[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data))));
  const output = () => frames.map(({ type, data }) => (type === "output" ? data : "")).join("");
  const say = (...bytes: (string | number)[]) => {
    const all = bytes.map((each) => (typeof each === "string" ? Buffer.from(each) : Buffer.of(each)));
    socket.send(Buffer.concat(all), { binary: false });
  };
  await vi.waitUntil(() => /[$#] /.test(output()), 20_000);
  say("{", 0xff, 0xfe);
  await vi.waitUntil(() => frames.some(({ code }) => code === "bad_frame"), 10_000);
  say('{"type":"input","data":"echo a', 0xff, "b", 0xc3, 'c"}');
  await vi.waitUntil(() => output().includes("a\ufffdb\ufffdc"), 10_000);
  socket.close();
});
