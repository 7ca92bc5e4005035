/** Who watches windows in a pod: one script for a bridge however often it is asked, and none that nobody hears. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { changedLine, watchProgram } from "../../../../bridge/runtime/kubernetes/exec/window-watcher.ts";
import { tmuxProgram } from "../../../../bridge/runtime/kubernetes/manifests/places.ts";
import type { Pod } from "../../../../bridge/runtime/kubernetes/pod.ts";
import { WindowSignals } from "../../../../bridge/runtime/kubernetes/terminals/window-signals.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, podOn, startUp } from "./ground.ts";

const within = { timeout: 15_000, interval: 50 };
const tmux = tmuxProgram.join(" ");

let ground: ClusterGround;
let pod: Pod;
let signals: WindowSignals;
let told = 0;

beforeAll(async () => {
  ground = await makeGround();
  const runtime = ground.open();
  const environment = desiredEnvironment();
  await startUp(runtime, environment);
  pod = podOn(ground, environment.id);
  await runtime.close();
}, 60_000);
afterAll(() => ground.dispose());
afterEach(() => signals.close());

const sh = async (script: string) => (await pod.run(["sh", "-c", script])).stdout.toString().trim();
/** tmux's clients that wait. */
const watchers = async () => Number(await sh("pgrep -fc '^[^ ]*tmux .*wait-for devpocket-[w]indows'"));
const are = (count: number) => vi.waitFor(async () => expect(await watchers()).toBe(count), within);
const begin = () => {
  signals = new WindowSignals(pod);
  signals.setUp(true);
  told = 0;
  return signals.watch(() => (told += 1));
};
const renamed = async (name: string) => {
  const before = told;
  await sh(`${tmux} rename-window -t =main: ${name}`);
  await vi.waitUntil(() => told > before, within);
};

it("leaves one script, however often the last who watched is followed by another at once", {
  timeout: 60_000,
}, async () => {
  let stop = begin();
  await are(1);
  for (let turn = 0; turn < 5; turn += 1) {
    stop();
    stop = signals.watch(() => (told += 1));
    await renamed(`turn-${turn}`);
  }
  await are(1);
  await renamed("again");
  await are(1);
  stop();
  await are(0);
});

it("leaves none where the bridge is killed or its connection is cut, also when nothing changes", async () => {
  begin();
  await are(1);
  // As if this bridge had ended with it: nobody opens another one.
  signals.setUp(false);
  ground.cluster.exec.dropAll();
  await are(0);
  signals.setUp(true);
  await are(1);
  ground.cluster.exec.dropAll();
  await renamed("found-again");
  await are(1);
});

it("tells every one of several bridges each time, though one signal wakes them all", async () => {
  begin();
  let heard = 0;
  const events = {
    onOutput: (bytes: Buffer) => (heard += bytes.toString().split(changedLine).length - 1),
    onEnd: () => {},
  };
  const other = await pod.openNow(watchProgram("watch-other", "mark"), events, AbortSignal.timeout(10_000));
  await vi.waitUntil(() => told > 0 && heard > 0, within);
  for (let turn = 0; turn < 20; turn += 1) {
    const before = heard;
    await renamed(`both-${turn}`);
    await vi.waitUntil(() => heard > before, within);
  }
  other.close();
});
