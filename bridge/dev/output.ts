/** What the person at the keyboard sees: our own lines, and the children's with their name in front. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** One line of ours. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Repeats a child's lines as they come; `isShown` may leave some out. */
export function repeatLines(name: string, stream: Readable, isShown: (line: string) => boolean): void {
  const prefix = `[${name}] `;
  createInterface({ input: stream }).on("line", (line) => {
    if (line.trim() !== "" && isShown(line)) say(prefix + line);
  });
}
