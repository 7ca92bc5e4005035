/** Answers questions for the lines above the screen, one after the other: each runs a program of the environment's. */
import type { DataMessage, TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { RelayContext } from "./context.ts";

export type HistoryQuestion = Extract<TerminalMessage, { type: "history" }>;
export type HistoryAnswer = Extract<DataMessage, { type: "history" }>;

/** Leaves room for the frame around the lines. */
const maxLinesBytes = limits.maxBridgeFrameBytes - 1_024;
const maxWaiting = 32;

export interface HistoryContext {
  runtime: Pick<RelayContext["runtime"], "history">;
  log: RelayContext["log"];
}

export class History {
  readonly #terminal: string;
  readonly #context: HistoryContext;
  readonly #answer: (answer: HistoryAnswer) => void;
  #waiting: HistoryQuestion[] = [];
  #isReading = false;
  /** Counts the sockets: entries of an earlier one mean nothing to the next. */
  #visit = 0;

  constructor(terminal: string, context: HistoryContext, answer: (answer: HistoryAnswer) => void) {
    this.#terminal = terminal;
    this.#context = context;
    this.#answer = answer;
  }

  /** Too many at once get no lines, and hear that there are some. */
  ask(question: HistoryQuestion): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#answer({ ...named(question), lines: [], more: true });
      return;
    }
    this.#waiting.push(question);
    if (!this.#isReading) void this.#readAll();
  }

  /** Nobody waits any more. */
  clear(): void {
    this.#waiting = [];
    this.#visit += 1;
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const visit = this.#visit;
      const answer = await this.#find(next);
      if (visit === this.#visit) this.#answer(answer);
    }
    this.#isReading = false;
  }

  async #find(question: HistoryQuestion): Promise<HistoryAnswer> {
    const { environmentId, window } = parseTerminalId(this.#terminal);
    const { before, lines } = question;
    try {
      const found = await this.#context.runtime.history(environmentId, window, { before, lines });
      const kept = newestThatFit(found.lines);
      return { ...named(question), lines: kept, more: found.hasMore || kept.length < found.lines.length };
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#context.log("debug", "no history", { terminal: this.#terminal, code: error.code });
      return { ...named(question), lines: [], more: false };
    }
  }
}

function named({ entry, before }: HistoryQuestion): Pick<HistoryAnswer, "type" | "entry" | "before"> {
  return { type: "history", entry, before };
}

/** As many of the last lines as a frame can hold. */
function newestThatFit(lines: readonly string[]): string[] {
  let bytes = 0;
  let from = lines.length;
  for (; from > 0; from -= 1) {
    bytes += Buffer.byteLength(JSON.stringify(lines[from - 1])) + 1;
    if (bytes > maxLinesBytes) break;
  }
  return lines.slice(from);
}
