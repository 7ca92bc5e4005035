/** Ctrl-C, and the moment the prompt is back: a prompt of its own, which nothing else prints. */
import { type BenchTerminal, run, waitForText } from "../terminals/terminal.ts";

/** Spelled in two parts, so that its own echo does not match. */
const prompt = "prompt-is-back";
const setPrompt = "PS1='prompt''-is-back '";

export async function givePrompt(terminal: BenchTerminal): Promise<void> {
  await run(terminal, `${setPrompt}; clear`);
}

/** What is typed before the prompt is back may be flushed by the tty with the interrupt. In ms; throws if it never is. */
export async function interrupt(terminal: BenchTerminal, withinMs: number): Promise<number> {
  const atMs = performance.now();
  const seen = waitForText(terminal, prompt, withinMs);
  terminal.write("\u0003");
  return (await seen) - atMs;
}
