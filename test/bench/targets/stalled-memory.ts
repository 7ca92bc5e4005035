/**
 * What a viewer that stops reading costs the object's process and the proxy before it. Many stop at once, and both readings
 * are taken at rest, so that what the processes take and give back by themselves is small beside what is looked for.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Canvas, ProtocolPeer } from "../../support/protocol-peer.ts";
import { workerdsOf } from "../cpu.ts";
import { rssMegabytes } from "../memory.ts";
import { median } from "../statistics.ts";
import { run, size } from "../terminals/terminal.ts";
import { type Place, type Stage, until } from "./stage.ts";
import { openViewer } from "./viewer.ts";

export const crowd = 100;
const rounds = 5;
const restMs = 500;
/** Several windows of output, in screenfuls that a crowd can follow. */
const burst = "for n in $(seq 40); do seq -f 'line %06.0f that nobody in the crowd can read' 1 200; sleep 0.1; done";

export interface Held {
  /** KiB for each of the crowd, in each round, the least first. */
  kibibytes: number[];
  median: number;
  /** The fewest bytes that waited for one of them. */
  leastWaitingBytes: number;
}

/** What workerd has more after the crowd slept through a burst than after it saw one. */
export async function heldByStalled(stage: Stage): Promise<Held> {
  const pids = workerdsOf(stage.product.pid);
  const place = await stage.newPlace();
  const { terminal, close } = await openViewer(place);
  const sleepers = Array.from({ length: crowd }, () => peerOf(place));
  await until("the crowd has a picture", () => sleepers.every(({ counts }) => counts.has("snapshot")));
  const printed = async () => {
    await run(terminal, burst, 120_000);
    await atRest(sleepers);
    return pids.reduce((sum, pid) => sum + rssMegabytes(pid), 0);
  };
  const kibibytes: number[] = [];
  let leastWaitingBytes = Number.POSITIVE_INFINITY;
  await printed(); // what grows once, grows before anything is compared
  for (let round = 0; round < rounds; round += 1) {
    const awake = await printed();
    for (const sleeper of sleepers) sleeper.stall();
    const before = sleepers.map(({ bytesRead }) => bytesRead);
    const stalled = await printed();
    for (const sleeper of sleepers) sleeper.wake();
    await atRest(sleepers);
    kibibytes.push(((stalled - awake) * 1_024) / crowd);
    leastWaitingBytes = Math.min(leastWaitingBytes, ...sleepers.map((each, at) => each.bytesRead - (before[at] ?? 0)));
  }
  for (const sleeper of sleepers) sleeper.close();
  close();
  return { kibibytes: kibibytes.sort((a, b) => a - b), median: median(kibibytes), leastWaitingBytes };
}

/** Draws nothing and keeps nothing. */
function peerOf(place: Place): ProtocolPeer {
  const canvas: Canvas = {
    draw: (_, done) => queueMicrotask(done),
    repaint: (_, _cols, _rows, done) => queueMicrotask(done),
    size() {},
  };
  const address = place.addressAt(place.port);
  return new ProtocolPeer({ address, token: place.token, ...size, isCompressed: false }, canvas);
}

/** Nothing has come to anybody for a while. */
async function atRest(peers: readonly ProtocolPeer[]): Promise<void> {
  const read = () => peers.reduce((bytes, { bytesRead }) => bytes + bytesRead, 0);
  await until("the crowd is at rest", async () => {
    const before = read();
    await delay(restMs);
    return read() === before;
  });
}
