/** Viewers and bridges as the objects meet them: real sockets inside workerd, with what they have received. */
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { Assignment, ClusterMessage } from "../../durable-objects/protocol/bridge-link.ts";
import { clearScreen, type ServerMessage } from "../../durable-objects/protocol/client.ts";
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { encodeStreamFrame } from "../../durable-objects/protocol/stream-frames.ts";
import {
  type BridgeTicket,
  encodeTicket,
  objectPaths,
  ticketHeader,
  type ViewerTicket,
} from "../../durable-objects/protocol/tickets.ts";
import { type Phase, parseTerminalId, statusOf } from "../../durable-objects/protocol/vocabulary.ts";

let names = 0;
/** A name nobody else in this run has. */
export function fresh(prefix: string): string {
  names += 1;
  return `${prefix}${Date.now().toString(36)}${names}`;
}

export function freshTerminal(window = "main"): string {
  return `env_${fresh("").padStart(20, "0")}/${window}`;
}

/** One end of a socket: everything it received, and how it was closed. */
export class Peer<Message> {
  readonly received: Message[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;

  constructor(response: Response) {
    const socket = response.webSocket;
    if (socket === null) throw new Error(`no socket: ${response.status}`);
    this.socket = socket;
    socket.accept();
    socket.addEventListener("message", (event) => {
      this.received.push(JSON.parse(String(event.data)));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Waits until it has received something like this. */
  async has(message: object): Promise<void> {
    await vi.waitFor(() => expect(this.received as unknown[]).toContainEqual(expect.objectContaining(message)), 15_000);
  }

  async isClosed(): Promise<{ code: number; reason: string }> {
    return vi.waitUntil(() => this.closed, 15_000);
  }
}

export class ViewerPeer extends Peer<ServerMessage> {
  /** Everything its terminal was fed since the last repaint. */
  get screen(): string {
    const text = this.received.map((message) => (message.type === "output" ? message.data : "")).join("");
    return text.slice(text.lastIndexOf(clearScreen) + clearScreen.length);
  }

  /** What a client of version 2 says first. */
  hello(): void {
    this.say({ type: "hello", cid: "client-of-test", cols: 80, rows: 24, visible: true });
  }

  async shows(screen: string): Promise<void> {
    await vi.waitFor(() => expect(this.screen).toBe(screen), 15_000);
  }
}

export async function watch(terminal: string, options: Partial<ViewerTicket> & { phase?: Phase } = {}) {
  const { environmentId, window } = parseTerminalId(terminal);
  const phase = options.phase ?? "running";
  const isLog = window === "logs";
  const ticket: ViewerTicket = {
    socketId: fresh("s"),
    username: "somebody",
    role: "owner",
    roleEnds: null,
    userId: "usr_1",
    sessionId: "ses_1",
    clusterId: "default",
    terminal,
    kind: isLog ? "logs" : "terminal",
    version: 1,
    environment: {
      id: environmentId,
      name: "café 😀",
      status: statusOf(phase),
      template: "python",
      installation_completed: true,
      pty_enabled: !isLog,
    },
    statusMessage: null,
    requestId: "req",
    ...options,
    phase,
  };
  const response = await env.TERMINALS.getByName(terminal).fetch(`http://object${objectPaths.viewer}`, {
    headers: { upgrade: "websocket", [ticketHeader]: encodeTicket(ticket) },
  });
  return Object.assign(new ViewerPeer(response), { ticket });
}

export class LinkPeer extends Peer<ClusterMessage> {
  /** The newest list of wanted terminals. */
  get wants(): Assignment[] {
    const lists = this.received.flatMap((message) => (message.type === "want" ? [message.terminals] : []));
    return lists.at(-1) ?? [];
  }

  /** What it was told last of who does what. */
  get duties(): Extract<ClusterMessage, { type: "duties" }> | undefined {
    return this.received.findLast((message) => message.type === "duties");
  }

  async assignment(terminal: string): Promise<Assignment> {
    return vi.waitUntil(() => this.wants.find((want) => want.terminal === terminal), 15_000);
  }
}

const bridgeTicket = (
  clusterId: string,
  assignment: BridgeTicket["assignment"],
  tokenId: string,
  version: BridgeTicket["version"] = 1,
): BridgeTicket => ({
  version,
  bridgeTokenId: tokenId,
  clusterId,
  bridgeId: "bridge",
  assignment,
  requestId: "req-bridge",
});

/** A bridge of before there were several: it does not say that it shares. */
export async function link(clusterId: string, bridgeId = fresh("bridge-"), tokenId = "tok"): Promise<LinkPeer> {
  const peer = await openLink(clusterId, tokenId);
  peer.say({ type: "hello", bridge_id: bridgeId, version: "1", runtime: "local" });
  await peer.has({ type: "want" });
  return peer;
}

/** A bridge that may serve beside others. */
export async function linkSharing(
  clusterId: string,
  bridgeId: string,
  { instance, tokenId = "tok" }: { instance?: string; tokenId?: string } = {},
): Promise<LinkPeer> {
  const peer = await openLink(clusterId, tokenId);
  peer.say({ ...sharingHello(bridgeId), instance });
  await peer.has({ type: "want" });
  return peer;
}

export function sharingHello(bridgeId: string) {
  return { type: "hello", bridge_id: bridgeId, version: "1", runtime: "local", shares: true };
}

async function openLink(clusterId: string, tokenId: string): Promise<LinkPeer> {
  const response = await env.CLUSTERS.getByName(clusterId).fetch(`http://object${objectPaths.link}`, {
    headers: { upgrade: "websocket", [ticketHeader]: encodeTicket(bridgeTicket(clusterId, null, tokenId)) },
  });
  return new LinkPeer(response);
}

/** The bridge's end of one terminal's data socket. */
export class DataPeer extends Peer<TerminalMessage> {
  hello(at: { epoch: string; seq: number }): void {
    this.say({ type: "hello", gen: 0, cols: 80, rows: 24, ledger: "l", ...at });
  }
  /** Answers the entry of a client of version 2 that lacks everything. */
  entered(entry: number, i: number): void {
    this.say({ type: "entered", entry, i, epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 });
    this.snapshot(0, "$ ");
  }
  output(seq: number, text: string): void {
    this.socket.send(encodeStreamFrame({ kind: "output", gen: 0, seq, bytes: new TextEncoder().encode(text) }));
  }
  snapshot(seq: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.socket.send(encodeStreamFrame({ kind: "snapshot", gen: 0, seq, cols: 80, rows: 24, bytes }));
  }
}

export async function serve(
  clusterId: string,
  assignment: Assignment,
  tokenId = "tok",
  version: BridgeTicket["version"] = 1,
): Promise<DataPeer> {
  const ticket = encodeTicket(bridgeTicket(clusterId, assignment, tokenId, version));
  const response = await env.TERMINALS.getByName(assignment.terminal).fetch(`http://object${objectPaths.bridge}`, {
    headers: { upgrade: "websocket", [ticketHeader]: ticket },
  });
  return new DataPeer(response);
}
