/** Keys typed at one tmux through the runtime, and through a bare exec of the same tmux, in alternating rounds. */
import { setTimeout as sleep } from "node:timers/promises";
import { rotated, summarizeRounds } from "../statistics.ts";
import { type Figure, plain } from "../targets/target.ts";
import { bareExec } from "./bare-exec.ts";
import { promptOf } from "./first-prompt.ts";
import type { Stage } from "./stage.ts";

const size = { cols: 80, rows: 24 };
const keyGapMs = 20;
const keysPerRound = 150;
const echoWithinMs = 30_000;

type Listener = (bytes: Uint8Array) => void;

interface Typist {
  write(text: string): void;
  /** Called for everything that comes. */
  listen(listener: () => void): void;
}

export async function echoOverExec(stage: Stage, rounds: number): Promise<Figure[]> {
  const runtime = stage.openRuntime();
  try {
    const environment = stage.environment();
    await stage.begin(runtime, environment);
    const { id } = environment;
    const stream = await runtime.attach(id, "main", size);
    const heard = new Set<Listener>();
    stream.onData((bytes) => tellAll(heard, bytes));
    await promptOf((listener) => void heard.add(listener));
    stream.write("clear; cat > /dev/null\r");
    const heardBare = new Set<Listener>();
    const attach = ["sh", "/devpocket/init/tmux.sh", "attach-session", "-t", "=main"];
    const bare = await bareExec(stage, id, attach, {
      isTerminal: true,
      input: null,
      onOutput: (bytes) => tellAll(heardBare, bytes),
    });
    await sleep(1_000);
    const typists: [string, Typist][] = [
      ["ours", { write: (text) => stream.write(text), listen: (listener) => void heard.add(listener) }],
      ["bare", { write: (text) => bare.write(text), listen: (listener) => void heardBare.add(listener) }],
    ];
    const times = new Map(typists.map(([name]) => [name, [] as number[][]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, typist] of rotated(typists, round)) times.get(name)?.push(await typeKeys(typist));
    }
    bare.close();
    const [ours, theirs] = ["ours", "bare"].map((name) => summarizeRounds(times.get(name) ?? []));
    return [
      plain("echo through the runtime, p50 / p99", `${ours?.p50.toFixed(2)} / ${ours?.p99.toFixed(2)} ms`),
      plain(
        "echo through a bare exec of the same tmux, p50 / p99",
        `${theirs?.p50.toFixed(2)} / ${theirs?.p99.toFixed(2)} ms`,
      ),
      plain("added, p50", `${((ours?.p50 ?? 0) - (theirs?.p50 ?? 0)).toFixed(2)} ms`),
    ];
  } finally {
    await runtime.close();
    await stage.clear();
  }
}

function tellAll(listeners: Set<Listener>, bytes: Uint8Array): void {
  for (const listener of listeners) listener(bytes);
}

/** From each write to the next thing that comes: with `cat` in front nothing else does. */
async function typeKeys(typist: Typist): Promise<number[]> {
  const times: number[] = [];
  let wake: () => void = () => {};
  typist.listen(() => wake());
  for (let key = 0; key < keysPerRound; key += 1) {
    const echoed = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a key had no echo")), echoWithinMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    const begin = performance.now();
    typist.write(key % 60 === 59 ? "\r" : "x");
    await echoed;
    times.push(performance.now() - begin);
    await sleep(keyGapMs);
  }
  return times;
}
