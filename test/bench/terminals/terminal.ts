/** What every contestant of the terminal sections offers: one shell, and as many terminals on it as asked for. */

export interface BenchTerminal {
  write(text: string): void;
  /** Calls back for every piece of output with the moment it arrived (`performance.now()`); returns how to stop. */
  onText(listener: (text: string, atMs: number) => void): () => void;
  /** Bytes received so far on the way in question: the PTY's for the floor, the TCP socket's for everybody else. */
  wireBytes(): number;
  /** Everything printed since it was opened, escape sequences included. */
  text(): string;
  close(): Promise<void>;
}

export interface OpenOptions {
  /**
   * Whether the socket offers permessage-deflate as phones and browsers do. Only for counting bytes: Node inflates
   * in its thread pool, half a millisecond a frame that no phone pays.
   */
  isCompressed: boolean;
}

export interface Contestant {
  name: string;
  /** Opens one more terminal of 80x24 on this contestant's one shell, uncompressed unless told otherwise. */
  open(options?: OpenOptions): Promise<BenchTerminal>;
  close(): Promise<void>;
}

export const size = { cols: 80, rows: 24 };

type Listener = (text: string, atMs: number) => void;

/** Keeps what arrived and tells the listeners; the two kinds of terminal feed it. */
export function collector() {
  const chunks: string[] = [];
  const listeners = new Set<Listener>();
  return {
    arrived(text: string, atMs: number) {
      chunks.push(text);
      for (const listener of listeners) listener(text, atMs);
    },
    onText(listener: Listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    text: () => chunks.join(""),
  };
}

/** Resolves with the moment of arrival of the piece that completed `wanted`, looking only at what comes from now on. */
export function waitForText(terminal: BenchTerminal, wanted: string, withinMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let tail = "";
    const deadline = setTimeout(() => {
      stop();
      reject(new Error(`never saw ${JSON.stringify(wanted)}; the last output was ${JSON.stringify(tail.slice(-400))}`));
    }, withinMs);
    const stop = terminal.onText((text, atMs) => {
      tail = (tail + text).slice(-Math.max(2_000, wanted.length + text.length));
      if (!tail.includes(wanted)) return;
      clearTimeout(deadline);
      stop();
      resolve(atMs);
    });
  });
}

let marks = 0;

/** Runs a command and waits for its end; the mark is spelled so that its own echo does not match. */
export async function run(terminal: BenchTerminal, command: string, withinMs = 30_000): Promise<number> {
  marks += 1;
  const mark = `end-${process.pid}-${marks}`;
  const seen = waitForText(terminal, mark, withinMs);
  terminal.write(`${command}; printf '%s-%s-%s\\n' end ${process.pid} ${marks}\r`);
  return seen;
}
