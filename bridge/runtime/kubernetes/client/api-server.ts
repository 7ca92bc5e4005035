/**
 * HTTPS and WebSockets to one API server, as a kubeconfig or the pod's service account says. Every call has a deadline of its
 * own: a frozen connection would hang for minutes. What fails is a ClusterProblem; nothing of headers or tokens is in it.
 */
import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import WebSocket from "ws";
import { parseJson } from "../../parse-json.ts";
import { ClusterProblem, cutBy, problemOf } from "./problem.ts";

export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  body?: unknown;
  contentType?: string;
  /** Of the whole call; of a stream, until its head is there. */
  deadlineMs?: number;
  signal?: AbortSignal;
}

const deadlineMs = 15_000;
const maxBodyBytes = 128 * 1_048_576;
const maxProblemBytes = 65_536;
/** Watches, logs and execs have connections of their own beside these. */
const maxConnections = 24;

export class ApiServer {
  readonly #config: KubeConfig;
  readonly #base: URL;
  #agent: http.Agent | null = null;
  /** What the agent's connections were made with. */
  #credentials = "";

  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new ClusterProblem("unavailable", "The kubeconfig names no cluster");
    this.#config = config;
    this.#base = new URL(cluster.server);
  }

  /** The JSON of the answer. */
  async request(request: ApiRequest): Promise<unknown> {
    const signal = deadlineOf(request);
    const response = await this.#send(request, signal);
    return parseJson(await textOf(response, maxBodyBytes, signal));
  }

  /** An answer that goes on for as long as it likes; whoever has it destroys it. */
  async stream(request: ApiRequest): Promise<http.IncomingMessage> {
    const head = new AbortController();
    const timer = setTimeout(
      () => head.abort(new DOMException("late", "TimeoutError")),
      request.deadlineMs ?? deadlineMs,
    );
    try {
      const signals = request.signal === undefined ? [head.signal] : [head.signal, request.signal];
      return await this.#send(request, AbortSignal.any(signals));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens a WebSocket that speaks one of the protocols; it is paused. */
  async socket(
    { path, query, signal, deadlineMs: within = deadlineMs }: Omit<ApiRequest, "method">,
    protocols: string[],
  ) {
    if (signal?.aborted) throw cutBy(signal.reason, signal);
    const options = await this.#options(false);
    const url = this.#urlOf(path, query);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, protocols, { ...options, handshakeTimeout: within, perMessageDeflate: false });
    return await opened(socket, signal);
  }

  close(): void {
    this.#agent?.destroy();
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const response = await this.#exchange(request, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw problemOf(status, await textOf(response, maxProblemBytes, signal), response.headers["retry-after"]);
  }

  async #exchange(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const { headers, ...options } = await this.#options(true);
    const url = this.#urlOf(request.path, request.query);
    return await new Promise((resolve, reject) => {
      const call = (url.protocol === "https:" ? https : http).request(url, {
        ...options,
        method: request.method,
        signal,
        headers: {
          ...headers,
          accept: "application/json",
          ...(body === undefined
            ? {}
            : { "content-type": request.contentType ?? "application/json", "content-length": body.length }),
        },
      });
      call.on("response", resolve);
      // Stays: an answer that is cut later is told here and on the answer.
      call.on("error", (error) => reject(cutBy(error, signal)));
      call.end(body);
    });
  }

  #urlOf(path: string, query: ApiRequest["query"] = {}): URL {
    const url = new URL(this.#base.pathname.replace(/\/$/, "") + path, this.#base);
    for (const [name, value] of Object.entries(query)) {
      const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
      for (const each of values) url.searchParams.append(name, String(each));
    }
    return url;
  }

  /** Credentials anew each time: a service account's token is replaced every hour. */
  async #options(isShared: boolean): Promise<https.RequestOptions> {
    const options: https.RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new ClusterProblem(
        "unauthorized",
        `The credentials cannot be read (${(error as NodeJS.ErrnoException).code})`,
      );
    }
    const isProxied = this.#config.getCurrentCluster()?.proxyUrl !== undefined;
    if (isShared && !isProxied) options.agent = this.#agentOf(options);
    return options;
  }

  #agentOf(options: https.RequestOptions): http.Agent {
    const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options;
    const tls = Object.entries({ ca, cert, key, passphrase, rejectUnauthorized, servername });
    const kept = Object.fromEntries(tls.filter(([, value]) => value !== undefined));
    const pool = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: maxConnections };
    const isPlain = this.#base.protocol === "http:";
    const credentials = String(Object.entries(kept));
    if (credentials !== this.#credentials) this.#retire();
    this.#credentials = credentials;
    this.#agent ??= isPlain ? new http.Agent(pool) : new https.Agent({ ...kept, ...pool });
    return this.#agent;
  }

  /** Certificates are replaced now and then, authorities too: calls that are under way end, others begin with the new one. */
  #retire(): void {
    if (this.#agent === null) return;
    this.#agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    this.#agent = null;
  }
}

function deadlineOf({ signal, deadlineMs: within = deadlineMs }: ApiRequest): AbortSignal {
  const deadline = AbortSignal.timeout(within);
  return signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
}

async function textOf(response: http.IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new ClusterProblem("unavailable", "The API server's answer is too large");
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ClusterProblem ? error : cutBy(error, signal);
  }
  return Buffer.concat(chunks).toString();
}

function opened(socket: WebSocket, signal: AbortSignal | undefined): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.terminate();
    signal?.addEventListener("abort", abort, { once: true });
    const settle = (act: () => void) => {
      signal?.removeEventListener("abort", abort);
      act();
    };
    socket.once("open", () => {
      // What came with the answer would be lost before anybody listens.
      socket.pause();
      settle(() => resolve(socket));
    });
    socket.once("unexpected-response", (request, response) => {
      const { statusCode = 0 } = response;
      const told = textOf(response, maxProblemBytes, AbortSignal.timeout(deadlineMs)).catch(() => "");
      void told.then((body) => settle(() => reject(problemOf(statusCode, body))));
      void told.finally(() => request.destroy());
    });
    // Stays for good: an error is always followed by a close, which is what counts.
    socket.on("error", (error) => settle(() => reject(cutBy(error, signal))));
  });
}
