/** Targets 1 and 13: cuts of every kind under flood and typing change no byte of anybody's. */
import { setTimeout as delay } from "node:timers/promises";
import { judgeWords, type WordsVerdict, word } from "../../soak/words.ts";
import { TerminalPeer } from "../../support/terminal-peer.ts";
import { size } from "../terminals/terminal.ts";
import { comesTrue, type Place, type Stage, until } from "./stage.ts";
import { openStreamCheck, type StreamCheck } from "./stream-check.ts";
import { atMost, none, plain, type Target } from "./target.ts";

const typists = "abcdefghijkl";
const cutsPerSecond = 30;
const wordsPerSecond = 8;
const linkCutEveryMs = 2_000;
const resetEveryMs = 7_000;
/** Prints in bursts until a file says stop, while what is typed goes to a file as it comes. */
const program = [
  "(while [ ! -e stop ]; do seq -f 'é€😀日本 %06.0f' 1 60; sleep 0.1; done; touch stopped) &",
  "stty raw -echo; touch ready; cat > typed",
].join(" ");

interface Played {
  peers: TerminalPeer[];
  typed: number;
  cuts: number;
  linkCuts: number;
  resets: number;
}

/** Cuts `cuts` sockets of viewers; meanwhile all of the bridge's are cut every 2 s, and the object ends every 7 s. */
export async function integrity(stage: Stage, cuts: number): Promise<Target[]> {
  const place = await stage.newPlace();
  const check = openStreamCheck();
  let answered = 0;
  const peers = [...typists].map(() => newPeer(place, check, () => (answered += 1)));
  peers[0]?.type(`${program}\r`);
  await until("the program runs", () => place.hasFile("ready"));
  const played = await play(stage, place, peers, cuts);
  const wrong = await settle(place, played, check);
  const file = place.read("typed");
  const words = [...typists].map((name, at) => judgeWords(file, name, played.typed, peers[at]?.uncertain ?? []));
  for (const peer of peers) peer.close();
  return [integrityTarget(played, words, wrong, check, file), straysTarget(words, answered)];
}

function newPeer(place: Place, check: StreamCheck, onAnswer: () => void): TerminalPeer {
  const options = { address: place.addressAt(place.port), token: place.token, ...size, isCompressed: false };
  const peer = new TerminalPeer(options, { onFrame: check.viewer() });
  // What a real page would type by itself: the answers of its terminal to queries that should never reach it.
  peer.terminal.onData((data) => {
    onAnswer();
    peer.type(data);
  });
  return peer;
}

async function play(stage: Stage, place: Place, peers: TerminalPeer[], cuts: number): Promise<Played> {
  const played: Played = { peers, typed: 0, cuts: 0, linkCuts: 0, resets: 0 };
  const startMs = performance.now();
  let [nextLinkCutMs, nextResetMs] = [linkCutEveryMs, resetEveryMs];
  while (played.cuts < cuts) {
    await delay(10);
    const nowMs = performance.now() - startMs;
    for (; played.typed < (nowMs / 1_000) * wordsPerSecond; ) typeWords(played);
    for (; played.cuts < Math.min(cuts, (nowMs / 1_000) * cutsPerSecond); played.cuts += 1) pick(peers).cut();
    if (nowMs >= nextLinkCutMs) {
      nextLinkCutMs += linkCutEveryMs;
      played.linkCuts += 1;
      stage.cutBridge();
    }
    if (nowMs >= nextResetMs) {
      nextResetMs += resetEveryMs;
      played.resets += 1;
      await stage.reset(place);
    }
  }
  return played;
}

function typeWords(played: Played): void {
  played.typed += 1;
  for (const [at, name] of [...typists].entries()) played.peers[at]?.type(word(name, played.typed));
}

const pick = (peers: readonly TerminalPeer[]) => peers[Math.floor(Math.random() * peers.length)] as TerminalPeer;

/** Waits for the last words and the end of the flood; answers how many screens differ from a newcomer's. */
async function settle(place: Place, { peers, typed }: Played, check: StreamCheck): Promise<number> {
  for (const [at, name] of [...typists].entries()) {
    const last = word(name, typed);
    const isTold = () => peers[at]?.uncertain.some(({ data }) => data.includes(last)) === true;
    await until(`the last word of ${name} is settled`, () => place.read("typed").includes(last) || isTold());
  }
  place.write("stop", "");
  await until("the flood has ended", () => place.hasFile("stopped"));
  const newcomer = newPeer(place, check, () => {});
  await until("a newcomer sees something", async () => /\d{6}/.test(await newcomer.screen()));
  const differing = async () => {
    const wanted = await newcomer.screen();
    const screens = await Promise.all(peers.map((peer) => peer.screen()));
    return screens.filter((screen) => screen !== wanted).length;
  };
  await comesTrue(async () => (await differing()) === 0, 15_000);
  const wrong = await differing();
  newcomer.close();
  return wrong;
}

function integrityTarget(
  played: Played,
  words: WordsVerdict[],
  wrong: number,
  check: StreamCheck,
  file: string,
): Target {
  const count = (kind: "lost" | "doubled" | "misplaced") => words.reduce((sum, each) => sum + each[kind].length, 0);
  const sum = (what: string) => played.peers.reduce((all, { counts }) => all + (counts.get(what) ?? 0), 0);
  const { bytes, differing, gaps, snapshots } = check.findings();
  return {
    number: 1,
    title: `${played.cuts} cut viewers, ${played.linkCuts} cut bridge links, ${played.resets} ended objects under flood and typing`,
    note: `${typists.length} typists who also watch; a cut is a TCP reset at any byte. What each is sent is compared with what the others were sent at the same offset of the same epoch.`,
    figures: [
      plain("keystrokes in the shell", String(file.length)),
      none("words lost, doubled or misplaced", count("lost") + count("doubled") + count("misplaced")),
      none(
        "words told as uncertain",
        words.reduce((all, { uncertain }) => all + uncertain, 0),
      ),
      plain(
        "bytes compared / snapshots / resumed",
        `${bytes} / ${snapshots} / ${sum("resumed")} of ${sum("dial")} dials`,
      ),
      none("bytes that differ", differing),
      none("gaps or repetitions", gaps + sum("redial")),
      none("screens that differ in the end", wrong),
    ],
  };
}

function straysTarget(words: WordsVerdict[], answered: number): Target {
  const strange = words.find((each) => each.strange !== "")?.strange ?? "";
  return {
    number: 13,
    title: "Bytes that nobody typed",
    note: "In the same run; the viewers' terminals answer queries as a page's would, if any reached them.",
    figures: [
      atMost("stray bytes in the shell's input", strange.length, 0, "B"),
      none("queries that reached a viewer", answered),
    ],
  };
}
