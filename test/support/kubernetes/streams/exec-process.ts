/** A command beside PID 1, on a terminal or on pipes, behind one interface. */
import { spawn as spawnChild } from "node:child_process";
import { ReadStream } from "node:tty";
import { type IPty, spawn as spawnTerminal } from "@lydell/node-pty";
import type { Sandbox } from "../kubelet/sandbox.ts";
import { exitCodeOf } from "../kubelet/signals.ts";

export const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export interface ExecProcess {
  readonly exit: Promise<number>;
  /** Bytes written that the process has not read. */
  readonly pendingBytes: number;
  onData(listener: (channel: number, bytes: Buffer) => void): void;
  /** Calls back once what was written has been read. */
  write(bytes: Buffer, done: () => void): void;
  endInput(): void;
  /** Cells, each 1 to 65535. */
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
}

export interface ExecSpec {
  command: readonly string[];
  isTerminal: boolean;
  hasInput: boolean;
}

export function startProcess(sandbox: Sandbox, spec: ExecSpec): ExecProcess {
  return spec.isTerminal ? new TerminalProcess(sandbox, spec) : new PipedProcess(sandbox, spec);
}

class PipedProcess implements ExecProcess {
  readonly exit: Promise<number>;
  readonly #child: ReturnType<typeof spawnChild>;

  constructor(sandbox: Sandbox, { command, hasInput }: ExecSpec) {
    const { file, args, env } = sandbox.join(command);
    this.#child = spawnChild(file, args, { cwd: "/", env, stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"] });
    this.#child.stdin?.on("error", () => {});
    this.exit = new Promise((resolve) => {
      // `close` waits for the output's end too; a daemon that keeps it open must not hold up the exit for ever.
      this.#child.on("close", (code, signal) => resolve(exitCodeOf(code, signal)));
      this.#child.on("error", () => resolve(126));
    });
  }

  get pendingBytes(): number {
    return this.#child.stdin?.writableLength ?? 0;
  }

  onData(listener: (channel: number, bytes: Buffer) => void): void {
    this.#child.stdout?.on("data", (bytes: Buffer) => listener(channels.stdout, bytes));
    this.#child.stderr?.on("data", (bytes: Buffer) => listener(channels.stderr, bytes));
  }

  write(bytes: Buffer, done: () => void): void {
    this.#child.stdin?.write(bytes, () => done());
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  resize(): void {}

  pause(): void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
  }

  resume(): void {
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }
}

class TerminalProcess implements ExecProcess {
  readonly exit: Promise<number>;
  readonly #pty: IPty;
  /** node-pty's own socket: its types know texts only, and not how much waits in it. */
  readonly #socket: ReadStream;

  constructor(sandbox: Sandbox, { command }: ExecSpec) {
    // Whatever the pod's variables say, a terminal's TERM is xterm.
    const { file, args, env } = sandbox.join(command, { ...sandbox.spec.env, TERM: "xterm" });
    // A terminal starts at 0x0 until the first resize. node-pty takes 0 for "80x24", and cuts 0.4 to 0.
    const nothing = { cols: 0.4, rows: 0.4 };
    this.#pty = spawnTerminal(file, args, { ...nothing, name: "xterm", encoding: null, cwd: "/", env });
    const socket: unknown = Reflect.get(this.#pty, "_socket");
    if (!(socket instanceof ReadStream)) throw new Error("node-pty keeps its socket elsewhere now");
    this.#socket = socket;
    this.exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode: code, signal }) =>
        resolve(signal === undefined || signal === 0 ? code : 128 + signal),
      );
    });
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  onData(listener: (channel: number, bytes: Buffer) => void): void {
    // With `encoding: null` node-pty hands over bytes, whatever its types say.
    this.#pty.onData((bytes: unknown) =>
      listener(channels.stdout, Buffer.isBuffer(bytes) ? bytes : Buffer.from(String(bytes))),
    );
  }

  write(bytes: Buffer, done: () => void): void {
    this.#socket.write(bytes, () => done());
  }

  /** On a terminal the end of the input ends nothing. */
  endInput(): void {}

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows);
  }

  pause(): void {
    this.#pty.pause();
  }

  resume(): void {
    this.#pty.resume();
  }
}
