/** From the wish for an environment to its first prompt, and how long an exec takes to open. */
import type { TerminalStream } from "../../../bridge/runtime/runtime.ts";
import { percentile } from "../statistics.ts";
import { type Figure, plain } from "../targets/target.ts";
import { bareExec } from "./bare-exec.ts";
import type { Stage } from "./stage.ts";

const size = { cols: 80, rows: 24 };
const promptWithinMs = 60_000;

export async function firstPrompt(stage: Stage, rounds: number): Promise<Figure[]> {
  const runtime = stage.openRuntime();
  const [ready, prompt, open]: number[][] = [[], [], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const environment = stage.environment();
      const begin = performance.now();
      await stage.begin(runtime, environment);
      ready?.push(performance.now() - begin);
      const stream = await runtime.attach(environment.id, "main", size);
      await promptOf((listener) => stream.onData(listener));
      prompt?.push(performance.now() - begin);
      for (let times = 0; times < 10; times += 1) open?.push(await openOnce(stage, environment.id));
      stream.close();
      await runtime.apply({ kind: "delete", environmentId: environment.id }, stage.signal());
      // Its volume serves the next, where there are few.
      await stage.clear();
    }
  } finally {
    await runtime.close();
    await stage.clear();
  }
  return [
    plain("create to running, p50", `${percentile(ready ?? [], 0.5).toFixed(0)} ms`),
    plain("create to first prompt, p50", `${percentile(prompt ?? [], 0.5).toFixed(0)} ms`),
    plain(
      "bare exec open, p50 / p95",
      [0.5, 0.95]
        .map((share) => percentile(open ?? [], share).toFixed(0))
        .join(" / ")
        .concat(" ms"),
    ),
  ];
}

async function openOnce(stage: Stage, id: string): Promise<number> {
  const exec = await bareExec(stage, id, ["true"], { isTerminal: false, input: null, onOutput: () => {} });
  await exec.ended;
  return exec.openedInMs;
}

/** Resolves once a shell's prompt has been drawn. */
export function promptOf(listen: TerminalStream["onData"]): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error(`there was no prompt, but: ${text}`)), promptWithinMs);
    listen((bytes) => {
      text += Buffer.from(bytes).toString("latin1");
      if (!/[$#] /.test(text)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
