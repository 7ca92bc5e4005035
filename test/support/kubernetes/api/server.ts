/**
 * The HTTPS server: who asks, what befalls the request, may they, and who answers. Every error leaves as a Status.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { type Asked, authorize } from "../access/authorization.ts";
import type { Certificates } from "../access/certificates.ts";
import type { Faults, Mishap } from "../access/faults.ts";
import type { LoggedRequest, RequestLog } from "../access/request-log.ts";
import type { Tokens } from "../access/tokens.ts";
import { writeJson, writeText } from "./bodies.ts";
import { parseRequest } from "./request.ts";
import type { Resource } from "./resources.ts";
import { internalError, StatusError, unauthorized } from "./statuses.ts";

export interface Handlers {
  serve(request: Asked, incoming: IncomingMessage, response: ServerResponse): Promise<void>;
  /** A WebSocket is asked for. Throws what the handshake is to be refused with. */
  upgrade(request: Asked, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

export interface Doors {
  tokens: Tokens;
  faults: Faults;
  requests: RequestLog;
}

export class ApiServer {
  readonly #server: Server;
  readonly #doors: Doors;
  readonly #handlers: Handlers;
  readonly #sockets = new Set<Duplex>();
  #closed: Promise<void> | null = null;

  constructor(certificates: Certificates, doors: Doors, handlers: Handlers) {
    this.#doors = doors;
    this.#handlers = handlers;
    const { ca, cert, key } = certificates;
    const tls = { ca, cert, key, requestCert: true, rejectUnauthorized: false };
    this.#server = createServer(tls, (incoming, response) => void this.#serve(incoming, response));
    this.#server.on("upgrade", (incoming, socket, head) => void this.#upgrade(incoming, socket, head));
    this.#server.on("secureConnection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
    });
  }

  /** Listens on the port, or on a free one; resolves with the URL. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => resolve());
    });
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection, as a killed server does. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves when the port is free; what is open stays open. */
  async drain(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
  }

  async close(): Promise<void> {
    await this.drain();
    this.cutAll();
    await this.#closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const asked = this.#admit(incoming);
      const mishap = this.#doors.faults.meet(asked.logged);
      if (mishap !== null && (await befall(mishap, incoming, response)) === "over") return;
      authorize(asked.request);
      await this.#handlers.serve(asked.request, incoming, response);
    } catch (error) {
      answerError(response, error);
    }
  }

  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    try {
      const { request, logged } = this.#admit(incoming);
      const mishap = this.#doors.faults.meet(logged);
      if (mishap?.kind === "cut") return void socket.destroy();
      if (mishap?.kind === "freeze") return;
      if (mishap?.kind === "delay") await mishap.until;
      if (mishap?.kind === "status") throw new StatusError(mishap.code, "InternalError", "fault");
      authorize(request);
      await this.#handlers.upgrade(request, incoming, socket, head);
    } catch (error) {
      refuseHandshake(socket, toStatusError(error));
    }
  }

  /** Who asks for what, written down. Throws 401. */
  #admit(incoming: IncomingMessage): { request: Asked; logged: LoggedRequest } {
    const request = parseRequest(incoming);
    const { tokens } = this.#doors;
    const user = tokens.userOf(incoming.headers.authorization) ?? tokens.bearerOf(provenName(incoming.socket));
    const logged = {
      method: request.method,
      path: request.path,
      query: request.query.toString(),
      userAgent: incoming.headers["user-agent"] ?? "",
      user: user?.name ?? null,
      verb: request.verb,
      resource: request.resource === null ? null : nameOf(request.resource, request.subresource),
      namespace: request.namespace,
      name: request.name,
    };
    this.#doors.requests.add(logged);
    if (user === null) throw unauthorized();
    return { request: { ...request, user }, logged };
  }
}

/** The common name of a client's certificate that our authority has signed. */
function provenName(socket: Socket): string | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const { subject } = socket.getPeerCertificate();
  return typeof subject?.CN === "string" ? subject.CN : null;
}

function nameOf(resource: Resource, subresource: string | undefined): string {
  const whole = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  return resource.group === "" ? whole : `${whole}.${resource.group}`;
}

async function befall(mishap: Mishap, incoming: IncomingMessage, response: ServerResponse): Promise<"over" | "go on"> {
  if (mishap.kind === "delay") {
    await mishap.until;
    return "go on";
  }
  if (mishap.kind === "cut") incoming.socket.destroy();
  if (mishap.kind === "status") {
    if (typeof mishap.body === "string") writeText(response, mishap.code, mishap.body);
    else
      writeJson(
        response,
        mishap.code,
        mishap.body ?? new StatusError(mishap.code, "InternalError", "fault").toStatus(),
      );
  }
  return "over";
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const known = toStatusError(error);
  writeJson(response, known.code, known.toStatus());
}

function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return internalError(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** A refused handshake carries the Status, though WebSocket clients only show its code. */
function refuseHandshake(socket: Duplex, error: StatusError): void {
  const body = JSON.stringify(error.toStatus());
  const head = [`HTTP/1.1 ${error.code} ${error.reason}`, "Content-Type: application/json", "Connection: close"];
  socket.end(`${head.join("\r\n")}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
