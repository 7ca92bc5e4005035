/** Looks at the windows follow each other, by a clock that is turned by hand and a real directory. */
import { once } from "node:events";
import { type FSWatcher, watch, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchWindows } from "../../../bridge/runtime/local/window-watch.ts";
import { followWindows } from "../../../bridge/runtime/tmux/window-watch.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";

let directory: string;
let told: string[];
let looks: number;
let title: string;
/** Lets tmux, which has stopped, answer. */
let release: () => void;
let stop: () => void;
let events: FSWatcher;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  directory = await mkdtemp(join(tmpdir(), "dp-"));
  told = [];
  looks = 0;
  title = "first";
  const answering = new Promise<void>((resolve) => {
    release = resolve;
  });
  const list = async (): Promise<WindowInFull[]> => {
    looks += 1;
    const window = { id: "w0", name: title, position: 0, is_active: true, panes: [] };
    await answering;
    return [window];
  };
  stop = followWindows(
    (onChange) => watchWindows(directory, onChange),
    list,
    (windows) => told.push(windows.map(({ name }) => name).join()),
  );
  // Hears of each event after what is tested here.
  events = watch(directory);
});
afterEach(async () => {
  stop();
  events.close();
  vi.useRealTimers();
  await rm(directory, { recursive: true });
});

const change = async (to: string) => {
  title = to;
  const heard = once(events, "change");
  writeFileSync(join(directory, "windows"), to);
  await heard;
  await vi.advanceTimersByTimeAsync(timing.windowsGapMs);
};

it("asks a tmux that does not answer once, and once more when it does", async () => {
  for (const name of ["second", "third", "fourth"]) await change(name);
  expect(looks).toBe(1);
  release();
  await vi.waitUntil(() => told.length === 2, 10_000);
  expect(told).toEqual(["first", "fourth"]);
  await change("fifth");
  await vi.waitUntil(() => told.at(-1) === "fifth", 10_000);
});

it("does not ask again when it was stopped meanwhile", async () => {
  await change("second");
  stop();
  release();
  await vi.advanceTimersByTimeAsync(timing.windowsGapMs);
  expect(looks).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toEqual([]);
});
