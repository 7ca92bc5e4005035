/** A person with a phone: signs up over REST, opens terminals over WebSockets and reads what is on the screen. */
import xterm from "@xterm/headless";
import { WebSocket } from "ws";
import { waitUntil } from "../../support/wait-until.ts";

type Frame = { type: string; data?: string; [key: string]: unknown };

export interface Terminal {
  frames: Frame[];
  socket: WebSocket;
  send(message: object): void;
  type(text: string): void;
  /** The text of the visible screen, rows joined by newlines, trailing blanks removed. */
  screen(): Promise<string>;
  /** Resolves with the screen as soon as it matches. */
  sees(pattern: RegExp, withinMs?: number): Promise<string>;
  /** Resolves when the other side has closed the socket. */
  closed(withinMs?: number): Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

export interface Person {
  token: string;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: never }>;
  createEnvironment(body?: object): Promise<{ id: string; status: string }>;
  openTerminal(
    environmentId: string,
    options?: { path?: string; window?: string; size?: { cols: number; rows: number } },
  ): Promise<Terminal>;
}

const patienceMs = 20_000;

let people = 0;

/** Registers a new person. */
export async function register(url: string): Promise<Person> {
  people += 1;
  const name = `person${process.pid}x${people}x${Math.random().toString(36).slice(2, 8)}`;
  const account = { username: name, email: `${name}@example.com`, password: "SecurePass123!" };
  const response = await fetch(`${url}/api/v1/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  if (response.status !== 201) throw new Error(`register answered ${response.status}: ${await response.text()}`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return asPerson(url, token);
}

function asPerson(url: string, token: string): Person {
  const call: Person["call"] = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as never };
  };
  return {
    token,
    call,
    createEnvironment: async (body = { name: "my-python-env", template: "python" }) => {
      const answer = await call("POST", "/environments", body);
      if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    openTerminal: (environmentId, options = {}) =>
      openTerminal(
        `${url.replace("http", "ws")}/api/v1/ws/${options.path ?? "terminal"}/${environmentId}?token=${token}${windowQuery(options.window)}`,
        options.size,
      ),
  };
}

function windowQuery(window: string | undefined): string {
  return window === undefined ? "" : `&window=${encodeURIComponent(window)}`;
}

async function openTerminal(address: string, size = { cols: 80, rows: 24 }): Promise<Terminal> {
  const socket = new WebSocket(address, { handshakeTimeout: patienceMs });
  const emulator = new xterm.Terminal({
    ...size,
    allowProposedApi: true,
    scrollback: 0,
  });
  const frames: Frame[] = [];
  const watchers = new Set<() => void>();
  socket.on("message", (raw) => {
    const frame = JSON.parse(raw.toString()) as Frame;
    frames.push(frame);
    if (frame.type === "output") emulator.write(frame.data ?? "");
    for (const watcher of watchers) watcher();
  });
  let close: { code: number; reason: string } | null = null;
  socket.on("close", (code, reason) => {
    close = { code, reason: reason.toString() };
  });
  const closed = (withinMs = patienceMs) => waitUntil(() => close, { timeout: withinMs });
  await new Promise<void>((resolve, reject) => {
    socket.on("open", () => resolve());
    socket.on("error", reject);
  });
  const send = (message: object) => socket.send(JSON.stringify(message));
  const screen = () => readScreen(emulator);
  const sees = (pattern: RegExp, withinMs = patienceMs) => until(screen, pattern, watchers, withinMs);
  send({ type: "resize", ...size });
  return {
    frames,
    socket,
    send,
    type: (text) => send({ type: "input", data: text }),
    screen,
    sees,
    closed,
    close: async () => {
      socket.close();
      await closed();
    },
  };
}

/** Waits for the emulator to have parsed everything, then reads its rows. */
async function readScreen(emulator: xterm.Terminal): Promise<string> {
  await new Promise<void>((resolve) => emulator.write("", resolve));
  const buffer = emulator.buffer.active;
  const rows = Array.from({ length: emulator.rows }, (_, row) =>
    buffer.getLine(buffer.baseY + row)?.translateToString(true),
  );
  return rows
    .map((row) => row?.trimEnd() ?? "")
    .join("\n")
    .trimEnd();
}

function until(
  read: () => Promise<string>,
  pattern: RegExp,
  watchers: Set<() => void>,
  withinMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let last = "";
    const finish = (act: () => void) => {
      clearTimeout(deadline);
      watchers.delete(check);
      act();
    };
    const check = () => {
      read().then((text) => {
        last = text;
        if (pattern.test(text)) finish(() => resolve(text));
      }, reject);
    };
    const deadline = setTimeout(() => finish(() => reject(new Error(`never saw ${pattern} on:\n${last}`))), withinMs);
    watchers.add(check);
    check();
  });
}
