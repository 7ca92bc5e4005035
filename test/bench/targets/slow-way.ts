/** Target 4: behind 100 KB/s and 50 ms of round trip a flood stays young, and Ctrl-C works at once. */
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openSlowLink } from "../../support/slow-link.ts";
import { percentile } from "../statistics.ts";
import type { Relay } from "../terminals/relay.ts";
import type { BenchTerminal } from "../terminals/terminal.ts";
import { givePrompt, interrupt } from "./interrupt.ts";
import type { Stage } from "./stage.ts";
import { atMost, type Figure, plain, type Target } from "./target.ts";
import { openViewer } from "./viewer.ts";

const way = { bytesPerSecond: 100_000, delayMs: 25 };
/** Lines with the time they were printed at. */
const flood = `const line = () => process.stdout.write(Date.now() + " the quick brown fox jumps over the lazy dog\\n" , () => setImmediate(line)); for (let n = 0; n < 200; n++) line();`;
const givenUpAfterMs = 90_000;

interface Flooded {
  /** Of every piece that came: how old the youngest line in it was. */
  lagsMs: number[];
  /** Null for never, as far as anybody waited. */
  promptMs: number | null;
}

/** The peer behind the same way is for information: it is given `givenUpAfterMs` for its prompt. */
export async function slowWay(stage: Stage, seconds: number, peer: Relay | null): Promise<Target> {
  const place = await stage.newPlace();
  writeFileSync(place.path("flood.cjs"), flood);
  const link = await openSlowLink({ host: place.host, port: place.port, ...way });
  const viewer = await openViewer(place, { port: link.port, isCompressed: true });
  const ours = await floodAndStop(viewer.terminal, `node ${place.path("flood.cjs")}`, seconds);
  viewer.close();
  await link.close();
  const theirs = peer === null ? null : await floodPeer(peer, place.path("flood.cjs"), seconds);
  return {
    number: 4,
    title: `${seconds} s of flood behind 100 KB/s and 50 ms`,
    note: "Every line carries the moment it was printed; the lag is that of the youngest line on the screen. After the flood Ctrl-C, then the time until the prompt.",
    figures: [
      atMost("display lag p95", percentile(ours.lagsMs, 0.95) / 1_000, 1.5, "s"),
      atMost("display lag, worst", Math.max(...ours.lagsMs) / 1_000, 1.5, "s"),
      atMost("Ctrl-C to prompt", (ours.promptMs ?? Number.POSITIVE_INFINITY) / 1_000, 1, "s"),
      ...(theirs === null ? [] : peerFigures(theirs)),
    ],
  };
}

function peerFigures({ lagsMs, promptMs }: Flooded): Figure[] {
  const prompt = promptMs === null ? `not in ${givenUpAfterMs / 1_000} s` : `${(promptMs / 1_000).toFixed(1)} s`;
  return [
    plain("peer: display lag p95", `${(percentile(lagsMs, 0.95) / 1_000).toFixed(1)} s`),
    plain("peer: Ctrl-C to prompt", prompt),
  ];
}

async function floodPeer(peer: Relay, file: string, seconds: number): Promise<Flooded> {
  const link = await openSlowLink({ host: "127.0.0.1", port: peer.port, ...way });
  const terminal = await peer.openAt(link.port);
  const flooded = await floodAndStop(terminal, `node ${file}`, seconds);
  const closed = terminal.close();
  await link.close();
  await closed;
  return flooded;
}

async function floodAndStop(terminal: BenchTerminal, command: string, seconds: number): Promise<Flooded> {
  await givePrompt(terminal);
  const lagsMs: number[] = [];
  const stop = terminal.onText((text) => {
    const stamps = text.match(/\b1\d{12}\b/g);
    if (stamps !== null) lagsMs.push(Date.now() - Math.max(...stamps.map(Number)));
  });
  terminal.write(`${command}\r`);
  await delay(seconds * 1_000);
  stop();
  // A peer that is not back in time is a result.
  const promptMs = await interrupt(terminal, givenUpAfterMs).catch(() => null);
  return { lagsMs, promptMs };
}
