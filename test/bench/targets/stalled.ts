/** Target 5: viewers that stop reading cost little and slow nobody, and are right soon after they wake. */
import { setTimeout as delay } from "node:timers/promises";
import { TerminalPeer } from "../../support/terminal-peer.ts";
import { median } from "../statistics.ts";
import { size } from "../terminals/terminal.ts";
import { givePrompt, interrupt } from "./interrupt.ts";
import { comesTrue, type Place, type Stage, until } from "./stage.ts";
import { crowd, heldByStalled } from "./stalled-memory.ts";
import { atMost, none, plain, type Target } from "./target.ts";
import { openViewer, type Viewer } from "./viewer.ts";

const live = 10;
const asleep = 10;
const rounds = 5;
const roundMs = 4_000;
/** One program, which an interrupt ends: a loop of the shell's lives on where it comes between two of its programs. */
const flood = "seq -f 'line %09.0f of a flood nobody can read' 1 1000000000";

/** Alternates rounds with all awake and with half of them stalled. */
export async function stalled(stage: Stage): Promise<Target> {
  const place = await stage.newPlace();
  const viewers = await Promise.all(Array.from({ length: live }, () => openViewer(place)));
  await givePrompt((viewers[0] as Viewer).terminal);
  const sleepers = Array.from({ length: asleep }, () => peerOf(place));
  await bytesDuring(viewers, roundMs); // what grows once, grows before anything is compared
  const ratios: number[] = [];
  const wakesMs: number[] = [];
  let wrong = 0;
  for (let round = 0; round < rounds; round += 1) {
    const awake = await bytesDuring(viewers, roundMs);
    for (const sleeper of sleepers) sleeper.stall();
    const beside = await bytesDuring(viewers, roundMs);
    ratios.push(beside / awake);
    const wokeAtMs = performance.now();
    for (const sleeper of sleepers) sleeper.wake();
    const isRight = await becomeAlike(place, sleepers, wokeAtMs);
    wakesMs.push(isRight.ms);
    wrong += isRight.wrong;
  }
  for (const viewer of viewers) viewer.close();
  for (const sleeper of sleepers) sleeper.close();
  const held = await heldByStalled(stage);
  return {
    number: 5,
    title: `${asleep} stalled viewers of ${live + asleep}`,
    note: `Under a flood, ${rounds} alternating rounds of ${roundMs / 1_000} s; speed is the bytes that reach the ${live} others. Memory is what workerd and wrangler's proxy have more, at rest, after a burst that ${crowd} viewers slept through than after one that they saw, divided by their number.`,
    figures: [
      atMost("speed lost by the others, median", (1 - median(ratios)) * 100, 15, "%"),
      atMost("memory per stalled viewer, median", held.median, 256, "KiB"),
      plain("the same in each round", `${held.kibibytes.map((each) => each.toFixed(0)).join(", ")} KiB`),
      plain("what waited for each of them, at least", `${(held.leastWaitingBytes / 1_024).toFixed(0)} KiB`),
      atMost("woken until all screens are right, median", median(wakesMs) / 1_000, 1, "s"),
      plain("the same, worst round", `${(Math.max(...wakesMs) / 1_000).toFixed(2)} s`),
      none("screens that stayed wrong", wrong),
    ],
  };
}

const peerOf = (place: Place) =>
  new TerminalPeer({ address: place.addressAt(place.port), token: place.token, ...size, isCompressed: false });

async function flooding(viewer: Viewer, ms: number): Promise<void> {
  viewer.peer.type(`${flood}\r`);
  await delay(ms);
  await interrupt(viewer.terminal, 30_000);
}

async function bytesDuring(viewers: readonly Viewer[], ms: number): Promise<number> {
  const sum = () => viewers.reduce((bytes, { peer }) => bytes + peer.bytesRead, 0);
  const before = sum();
  await flooding(viewers[0] as Viewer, ms);
  return sum() - before;
}

/** Waits until all show what a newcomer is shown; those that never do within 10 s are counted. */
async function becomeAlike(place: Place, sleepers: readonly TerminalPeer[], wokeAtMs: number) {
  const newcomer = peerOf(place);
  await until("a newcomer sees something", async () => (await newcomer.screen()).trim() !== "");
  const wanted = await newcomer.screen();
  newcomer.close();
  const wrong = async () => {
    const screens = await Promise.all(sleepers.map((sleeper) => sleeper.screen()));
    return screens.filter((screen) => screen !== wanted).length;
  };
  await comesTrue(async () => (await wrong()) === 0, 10_000);
  return { ms: performance.now() - wokeAtMs, wrong: await wrong() };
}
