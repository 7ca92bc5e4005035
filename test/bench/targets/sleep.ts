/** Target 7, second half: a terminal at which nothing happens costs nothing. */
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../terminals/terminal.ts";
import type { Stage } from "./stage.ts";
import { none, plain, type Target } from "./target.ts";
import { openViewer } from "./viewer.ts";

interface Seen {
  made: number;
  woken: number;
}

/** Workers sleep ten seconds after the last event. */
const asleepAfterMs = 15_000;

export async function sleep(stage: Stage, idleSeconds: number): Promise<Target> {
  const place = await stage.newPlace();
  const viewer = await openViewer(place);
  await run(viewer.terminal, "true");
  await delay(asleepAfterMs);
  const before = await seen(stage);
  await run(viewer.terminal, "true");
  const woken = await seen(stage);
  await delay(asleepAfterMs);
  const idle = await seen(stage);
  await delay(idleSeconds * 1_000);
  const after = await seen(stage);
  viewer.close();
  return {
    number: 7,
    title: "Sleep",
    note: "A viewer and a bridge hold their sockets and say nothing. An object that was made anew for a key had been asleep.",
    figures: [
      none(`terminals awake ${asleepAfterMs / 1_000} s after the last byte`, woken.made > before.made ? 0 : 1),
      none(`wakes in ${idleSeconds} idle s`, after.woken - idle.woken),
      plain("objects made in that time", String(after.made - idle.made)),
    ],
  };
}

async function seen({ product }: Stage): Promise<Seen> {
  return (await (await fetch(`${product.productUrl}/bench/seen`)).json()) as Seen;
}
