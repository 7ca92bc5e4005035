/** Target 12: the object ends under hundreds of viewers, and all of them come back without a rush. */
import { setTimeout as delay } from "node:timers/promises";
import { ProtocolPeer } from "../../support/protocol-peer.ts";
import { post, signUp } from "../products/account.ts";
import { size } from "../terminals/terminal.ts";
import { comesTrue, type Place, type Stage, until } from "./stage.ts";
import { openStreamCheck } from "./stream-check.ts";
import { atMost, none, plain, type Target } from "./target.ts";
import { openViewer } from "./viewer.ts";

const guestsPerLink = 100;
const signUpsAtOnce = 2;
const settledWithinMs = 60_000;

/** Each viewer is somebody else, who came by a link. */
export async function reset(stage: Stage, count: number): Promise<Target> {
  const place = await stage.newPlace();
  const owner = await openViewer(place);
  const tokens = await guests(stage, place, count);
  const check = openStreamCheck();
  const peers = tokens.map((token) => openPeer(place, token, check.viewer()));
  const ready = () => peers.filter((peer) => peer.isReady).length;
  await until("everybody is there", () => ready() === count, 300_000);
  await until("everybody knows of the others", () => peers.every((peer) => peer.sockets > count / 2), 60_000);
  owner.peer.type("while :; do date +%s%N; sleep 0.2; done\r");
  await delay(1_000);
  const dials: number[] = [];
  for (const peer of peers) peer.await(() => dials.push(performance.now()));
  const startMs = performance.now();
  await stage.reset(place);
  const isBack = await comesTrue(() => dials.length >= count && ready() === count, settledWithinMs);
  const backMs = performance.now() - startMs;
  const backCount = ready();
  await delay(1_000);
  const { differing, gaps } = check.findings();
  owner.peer.type("\u0003");
  for (const peer of peers) peer.close();
  owner.close();
  return {
    number: 12,
    title: `An object reset under ${count} viewers`,
    note: "All different people, who came by links; the object is aborted, which cuts every socket of it at once. A viewer is back when it is told where it stands.",
    figures: [
      atMost("dials in the busiest second", busiestSecond(dials), 100, "/s"),
      atMost("all are back", isBack ? backMs / 1_000 : Number.POSITIVE_INFINITY, 10, "s"),
      none("bytes that differ, gaps or repetitions", differing + gaps),
      plain(`back within ${settledWithinMs / 1_000} s`, `${backCount} of ${count}`),
      plain("resumed without a snapshot", `${peers.filter((peer) => peer.hasResumed).length} of ${count}`),
    ],
  };
}

async function guests(stage: Stage, place: Place, count: number): Promise<string[]> {
  const { productUrl } = stage.product;
  const tokens: string[] = [];
  let secret = "";
  const lane = async () => {
    while (tokens.length < count) {
      const number = tokens.push("") - 1;
      if (number % guestsPerLink === 0) {
        const address = `${productUrl}/api/v1/environments/${place.environmentId}/shares`;
        secret = (await post<{ secret: string }>(address, { kind: "link", role: "viewer" }, place.token)).secret;
      }
      const { token } = await signUp(productUrl);
      await post(`${productUrl}/api/v1/shares/accept`, { secret }, token);
      tokens[number] = token;
    }
  };
  await lane();
  await Promise.all(Array.from({ length: signUpsAtOnce }, lane));
  return tokens;
}

function openPeer(place: Place, token: string, look: ReturnType<ReturnType<typeof openStreamCheck>["viewer"]>) {
  const state = { isReady: false, sockets: 1, hasResumed: false };
  let onDial = () => {};
  const canvas = {
    draw: (_: string, done: () => void) => queueMicrotask(done),
    repaint: (_: string, _cols: number, _rows: number, done: () => void) => queueMicrotask(done),
    size: () => {},
  };
  const options = { address: place.addressAt(place.port), token, ...size, isCompressed: false };
  const peer = new ProtocolPeer(options, canvas, {
    onFrame(frame) {
      look(frame);
      if (frame.type === "iack") state.isReady = true;
      if (frame.type === "crowd") state.sockets = frame.sockets;
    },
    onDial: () => onDial(),
  });
  return {
    get isReady() {
      return state.isReady;
    },
    get sockets() {
      return state.sockets;
    },
    get hasResumed() {
      return (peer.counts.get("resumed") ?? 0) > 0;
    },
    /** From now on it counts as away until it is told again where it stands. */
    await(listener: () => void) {
      state.isReady = false;
      onDial = listener;
    },
    close: () => peer.close(),
  };
}

function busiestSecond(timesMs: readonly number[]): number {
  const within = (fromMs: number) => timesMs.filter((ms) => ms >= fromMs && ms < fromMs + 1_000).length;
  return Math.max(0, ...timesMs.map(within));
}
