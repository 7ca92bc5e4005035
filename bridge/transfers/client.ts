/** The requests of one transfer: takes its body, brings bytes, says what became of it. */
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { bridgePaths } from "../../durable-objects/protocol/bridge-api.ts";
import { bridgeIdHeader } from "../../durable-objects/protocol/bridge-link.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import {
  encodeHead,
  type lastPart,
  type TransferHead,
  transferHeadHeader,
  transferPartHeader,
} from "../../durable-objects/protocol/transfers.ts";
import type { Bytes } from "../runtime/files.ts";
import type { Edge } from "../socket.ts";

/** Also the longest that a person's device may take nothing. */
const silentMs = 300_000;

export class TransferClient {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;

  /** `signal` ends whatever is under way. */
  constructor(edge: Edge, id: string, signal: AbortSignal) {
    this.#url = new URL(bridgePaths.transfer + id, edge.url);
    this.#headers = { authorization: `Bearer ${edge.token}`, [bridgeIdHeader]: edge.bridgeId };
    this.#signal = signal;
  }

  /** What the person sends; asked for when the first byte of it is. */
  async *body(): Bytes {
    const silence = new Silence(timing.transferSilentMs);
    try {
      const signal = AbortSignal.any([this.#signal, silence.signal]);
      yield* this.#received(await answered(this.#open({ headers: this.#headers, signal })), silence);
    } finally {
      silence.end();
    }
  }

  /** Comes in as much as has arrived at a time, which a web stream would not: of many small pieces each costs. */
  async *#received(response: IncomingMessage, silence: Silence): Bytes {
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`the transfer's body was refused with ${response.statusCode}`);
    }
    for await (const chunk of response) {
      silence.end();
      yield chunk;
      silence.begin();
    }
  }

  /** Says what became of it, or why there is nothing to bring. */
  async tell(head: TransferHead): Promise<void> {
    await this.send(0, head, null);
  }

  /** Brings bytes; false when nobody waits for more. A body that breaks off ends the request without an answer. */
  async send(part: number | typeof lastPart, head: TransferHead | null, body: Bytes | null): Promise<boolean> {
    const headers = {
      ...this.#headers,
      "content-type": "application/octet-stream",
      [transferPartHeader]: String(part),
      ...(head === null ? {} : { [transferHeadHeader]: encodeHead(head) }),
      ...(body === null ? { "content-length": "0" } : {}),
    };
    const request = this.#open({ method: "POST", headers, signal: this.#signal, timeout: silentMs });
    request.on("timeout", () => request.destroy(new Error("nobody took anything for too long")));
    return (await exchange(request, body)) === 204;
  }

  #open(options: RequestOptions): ClientRequest {
    return (this.#url.protocol === "https:" ? requestHttps : requestHttp)(this.#url, options);
  }
}

/** The answer to a request without a body. */
function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Stays: what is cut later is told here and on the answer.
    request.on("error", reject);
    request.on("response", resolve);
    request.end();
  });
}

/** Aborts when nothing came for so long; what takes time on our side does not count. */
class Silence {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
    this.begin();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    this.#timer = setTimeout(() => this.#controller.abort(new Error("nothing came for too long")), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Sends the body until the answer comes, which it may do before the body's end. */
function exchange(request: ClientRequest, body: Bytes | null): Promise<number> {
  return new Promise((resolve, reject) => {
    const source = body === null ? Readable.from([]) : Readable.from(body, { objectMode: false });
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("error", () => undefined);
      response.resume();
      resolve(response.statusCode ?? 0);
      source.destroy();
    });
    pipeline(source, request).catch(reject);
  });
}
