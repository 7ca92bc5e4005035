/**
 * The edge as a bridge sees it: HTTP for desired list, reports and telemetry, WebSockets for link and data, over
 * real sockets and with the schemas both sides share. It does what the objects do, and remembers what it was told.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import {
  bridgePaths,
  type DesiredEnvironment,
  type ObservedEnvironment,
  reportSchema,
  type Telemetry,
  telemetrySchema,
} from "../../../durable-objects/protocol/bridge-api.ts";
import {
  type AnswerResult,
  assignmentHeader,
  assignmentSecretHeader,
  bridgeMessageSchema,
  bridgeProtocol,
  type Question,
} from "../../../durable-objects/protocol/bridge-link.ts";
import { pingText, pongText } from "../../../durable-objects/protocol/client.ts";
import { closes } from "../../../durable-objects/protocol/closes.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { DataEnd } from "./data-end.ts";
import { FakeCluster } from "./fake-cluster.ts";

export const token = `dp_bridge_${"t".repeat(43)}`;

const withinMs = 20_000;

export class FakeEdge {
  url = "";
  desired: DesiredEnvironment[] = [];
  readonly reports: ObservedEnvironment[][] = [];
  readonly telemetry: Telemetry[] = [];
  pulls = 0;
  notModified = 0;
  /** The next requests are answered with this status instead. */
  failWith: number | null = null;
  /** What bridges said keeps them from their work. */
  readonly troubles: (string | null)[] = [];
  /** Who is linked, and who serves what. */
  readonly cluster = new FakeCluster();
  readonly #data = new Map<string, DataEnd>();
  readonly #answers = new Map<string, (result: AnswerResult) => void>();
  #revision = 0;
  #server: Server | null = null;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => bridgeProtocol });

  async start(port = 0): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on("upgrade", (request, socket, head) => {
      if (request.headers.authorization !== `Bearer ${token}`) {
        socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(request, webSocket));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  /** The link of the bridge that said hello last. */
  get link(): WebSocket | null {
    return this.cluster.newest;
  }

  async stop(): Promise<void> {
    this.cluster.stop();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Changes what is desired of an environment and nudges the bridge. */
  desire(environment: DesiredEnvironment): void {
    this.desired = [...this.desired.filter((each) => each.id !== environment.id), environment];
    this.#revision += 1;
    this.cluster.send({ type: "changed", revision: String(this.#revision) });
  }

  /** The newest report about an environment. */
  reported(environmentId: string): ObservedEnvironment | undefined {
    return this.reports.at(-1)?.find((each) => each.environment_id === environmentId);
  }

  async becomes(environmentId: string, phase: ObservedEnvironment["phase"]): Promise<ObservedEnvironment> {
    return await waitUntil(
      () => (this.reported(environmentId)?.phase === phase ? this.reported(environmentId) : undefined),
      { timeout: withinMs, interval: 10 },
    );
  }

  /** Wants a terminal and waits for its data socket. */
  async watch(terminal: string): Promise<DataEnd> {
    this.#data.delete(terminal);
    this.cluster.want(terminal);
    return await this.dataEnd(terminal);
  }

  /** The open data socket of a terminal. */
  async dataEnd(terminal: string): Promise<DataEnd> {
    return await waitUntil(() => this.#data.get(terminal), { timeout: withinMs, interval: 5 });
  }

  /** As the terminal's object does with its last viewer: the socket is closed, and the cluster is told. */
  unwatch(terminal: string): void {
    this.#data.get(terminal)?.socket.close(closes.unwanted.code, closes.unwanted.reason);
    this.cluster.unwant(terminal);
  }

  async ask(question: Question): Promise<AnswerResult> {
    const id = crypto.randomUUID();
    let answer: AnswerResult | undefined;
    this.#answers.set(id, (result) => {
      answer = result;
    });
    this.cluster.ask({ type: "ask", id, question });
    return await waitUntil(() => answer, { timeout: withinMs, interval: 2 });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const answer = (status: number, value: unknown = null, headers: Record<string, string> = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(status === 304 ? undefined : JSON.stringify(value));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401);
    if (this.failWith !== null) return answer(this.failWith);
    const etag = `"${this.#revision}"`;
    switch (request.url) {
      case bridgePaths.desired: {
        this.pulls += 1;
        const isSame = request.headers["if-none-match"] === etag;
        if (isSame) this.notModified += 1;
        const list = { revision: String(this.#revision), environments: this.desired };
        return isSame ? answer(304, null, { etag }) : answer(200, list, { etag });
      }
      case bridgePaths.report:
        this.#takeReport(reportSchema.parse(JSON.parse(body)).observed);
        return answer(200, {});
      case bridgePaths.telemetry:
        this.telemetry.push(telemetrySchema.parse(JSON.parse(body)));
        return answer(204);
      default:
        return answer(404);
    }
  }

  /** As the domain does: what is deleted and reported as gone leaves the list. */
  #takeReport(observed: ObservedEnvironment[]): void {
    this.reports.push(observed);
    const gone = new Set(observed.filter(({ phase }) => phase === "gone").map((each) => each.environment_id));
    this.desired = this.desired.filter((each) => each.desired !== "deleted" || !gone.has(each.id));
  }

  #accept(request: IncomingMessage, socket: WebSocket): void {
    socket.on("message", (data, isBinary) => {
      if (!isBinary && data.toString() === pingText) socket.send(pongText);
    });
    const path = request.url ?? "";
    if (path === bridgePaths.link) this.#acceptLink(socket);
    else this.#acceptData(request, socket, decodeURIComponent(path.slice(bridgePaths.terminal.length)));
  }

  #acceptLink(socket: WebSocket): void {
    socket.on("message", (data) => {
      if (data.toString() === pingText) return;
      const message = bridgeMessageSchema.parse(JSON.parse(data.toString()));
      if (message.type === "answer") this.#answers.get(message.id)?.(message.result);
      else if (message.type === "hello") this.cluster.welcome(socket, message);
      else if (message.type === "draining") this.cluster.drain(socket);
      else this.troubles.push(message.message);
    });
  }

  #acceptData(request: IncomingMessage, socket: WebSocket, terminal: string): void {
    const want = this.cluster.find(terminal);
    const isCurrent =
      request.headers[assignmentHeader] === String(want?.assignment) &&
      request.headers[assignmentSecretHeader] === want?.secret;
    if (!isCurrent) {
      socket.close(closes.superseded.code);
      return;
    }
    this.#data.get(terminal)?.socket.close(closes.superseded.code, closes.superseded.reason);
    const end = new DataEnd(socket);
    socket.on("close", () => {
      if (this.#data.get(terminal) === end) this.#data.delete(terminal);
    });
    this.#data.set(terminal, end);
  }
}
