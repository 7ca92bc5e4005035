/** Plays a soak and judges it. */
import { setTimeout as delay } from "node:timers/promises";
import { memoryByPart } from "../bench/memory.ts";
import type { TerminalPeer } from "../support/terminal-peer.ts";
import type { SoakOptions } from "./options.ts";
import { openScene, type Scene, until } from "./scene.ts";
import type { Verdict } from "./verdict.ts";
import { judgeWords, word } from "./words.ts";

/** A person who types a word every so often. */
const typingEveryMs = 100;
const sampleEveryMs = 5_000;

export async function soak(options: SoakOptions, tell: (line: string) => void): Promise<Verdict> {
  const scene = await openScene();
  try {
    return await play(scene, options, tell);
  } finally {
    await scene.close();
  }
}

async function play(scene: Scene, options: SoakOptions, tell: (line: string) => void): Promise<Verdict> {
  const endsAtMs = performance.now() + options.minutes * 60_000;
  const isOver = () => performance.now() >= endsAtMs;
  const typed = { a: 0, b: 0 };
  const memoryMegabytes: number[] = [];
  const cutEveryMs = (options.minutes * 60_000) / options.cuts;
  let [cuts, kills] = [0, 0];
  await Promise.all([
    every(typingEveryMs, isOver, () => typeWords(scene, typed)),
    every(cutEveryMs, isOver, () => {
      cuts += 1;
      pick(scene.peers).cut();
    }),
    every(options.secondsBetweenKills * 1_000, isOver, () => {
      kills += 1;
      scene.kill(kills % 3 === 0 ? "server" : "bridge");
    }),
    every(1_500, isOver, () => {
      scene.stalling.stall();
      setTimeout(() => scene.stalling.wake(), 1_000);
    }),
    every(sampleEveryMs, isOver, () => {
      memoryMegabytes.push(memoryOf(scene));
      tell(`typed ${typed.a + typed.b}, cuts ${cuts}, kills ${kills}, ${memoryMegabytes.at(-1)} MB`);
    }),
  ]);
  const frames = countsOf(scene);
  const wrongScreens = await settle(scene, typed);
  const file = scene.typed();
  const words = {
    a: judgeWords(file, "a", typed.a, scene.typists.a.uncertain),
    b: judgeWords(file, "b", typed.b, scene.typists.b.uncertain),
  };
  const stream = scene.stream.findings();
  return { minutes: options.minutes, words, cuts, kills, stream, wrongScreens, memoryMegabytes, frames };
}

function typeWords(scene: Scene, typed: { a: number; b: number }): void {
  for (const name of ["a", "b"] as const) {
    typed[name] += 1;
    scene.typists[name].type(word(name, typed[name]));
  }
}

/** Waits for the last words and the end of the flood, then compares every screen with a newcomer's. */
async function settle(scene: Scene, typed: { a: number; b: number }): Promise<string[]> {
  for (const name of ["a", "b"] as const) {
    const last = word(name, typed[name]);
    const isSettled = () =>
      scene.typed().includes(last) || scene.typists[name].uncertain.some(({ data }) => data.includes(last));
    await until(`the last word of ${name} is settled`, isSettled);
  }
  await scene.endFlood();
  const newcomer = scene.newPeer();
  scene.peers.push(newcomer);
  await until("a newcomer sees something", async () => /\d{6}/.test(await newcomer.screen()));
  return differingScreens(scene.peers);
}

/** Those that still differ from the last one's after a minute. */
async function differingScreens(peers: readonly TerminalPeer[]): Promise<string[]> {
  const endsAtMs = performance.now() + 60_000;
  for (;;) {
    const all = await Promise.all(peers.map((peer) => peer.screen()));
    const differing = all.filter((screen) => screen !== all.at(-1));
    if (differing.length === 0 || performance.now() > endsAtMs) return differing;
    await delay(50);
  }
}

async function every(ms: number, isOver: () => boolean, act: () => void): Promise<void> {
  while (!isOver()) {
    await delay(ms);
    act();
  }
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

function memoryOf({ product }: Scene): number {
  const parts = memoryByPart(product.process.pid ?? 0, product.dataDirectory);
  return Math.round((parts.get("workerd")?.rssMegabytes ?? 0) + (parts.get("bridge")?.rssMegabytes ?? 0));
}

function countsOf(scene: Scene): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { counts } of scene.peers) for (const [what, n] of counts) sums[what] = (sums[what] ?? 0) + n;
  return sums;
}
