/**
 * One transfer while it lasts: the person's request that waits, and the bridge's requests that serve it, body into body. It
 * lives in memory, as those requests do; whichever side ends, the other one does too.
 */
import type { TransferTicket } from "./protocol/tickets.ts";
import { limits, timing } from "./protocol/timing.ts";
import {
  decodeHead,
  encodeHead,
  goesDown,
  lastPart,
  type TransferHead,
  transferHeadHeader,
  transferPartHeader,
} from "./protocol/transfers.ts";

/** What a bridge is answered: taken; not there (any more); not now. */
const taken = 204;
const gone = 404;
const outOfTurn = 409;

const unavailable: TransferHead = { kind: "failed", code: "unavailable", message: "The bridge did not come" };
const left = new Error("the other side of the transfer is gone");

export class Transfer {
  readonly clusterId: string;
  /** The answer to the person. */
  readonly answered: Promise<Response>;
  readonly #order: TransferTicket["order"];
  readonly #answer: (response: Response) => void;
  readonly #onOver: () => void;
  /** The person's body, until a bridge takes it. */
  #body: ReadableStream<Uint8Array> | null;
  /** Where a bridge's bytes go. */
  #sink: WritableStream<Uint8Array> | null = null;
  #parts = Number.POSITIVE_INFINITY;
  #nextPart = 0;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ticket: TransferTicket, body: ReadableStream<Uint8Array> | null, onOver: () => void) {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.clusterId = ticket.clusterId;
    this.answered = promise;
    this.#order = ticket.order;
    this.#answer = resolve;
    this.#onOver = onOver;
    this.#body = body;
    this.#wait(timing.transferWaitMs);
  }

  /** Tells the person that nobody came. */
  fail(): void {
    this.#finish(unavailable);
  }

  /** A bridge's request. */
  async serve(request: Request): Promise<Response> {
    if (request.method === "GET") return this.#giveBody();
    const part = request.headers.get(transferPartHeader);
    const head = decodeHead(request.headers.get(transferHeadHeader));
    if (goesDown(this.#order)) return status(await this.#takePart(part, head, request.body));
    if (head === null) return status(outOfTurn);
    this.#finish(head);
    return status(taken);
  }

  /** Once: what has begun to flow cannot begin again. */
  #giveBody(): Response {
    if (goesDown(this.#order) || !("length" in this.#order)) return status(gone);
    const body = this.#body;
    if (this.#nextPart > 0) return status(outOfTurn);
    this.#nextPart = 1;
    const { length } = this.#order;
    if (body === null || length === 0) {
      this.#wait(timing.transferSettleMs);
      return new Response(null, { headers: { "content-length": "0" } });
    }
    clearTimeout(this.#timer);
    const { readable, writable } = new FixedLengthStream(length);
    body.pipeTo(writable).then(
      () => this.#wait(timing.transferSettleMs),
      () => this.#finish(unavailable),
    );
    return new Response(readable);
  }

  async #takePart(
    part: string | null,
    head: TransferHead | null,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<number> {
    if (part === lastPart) return await this.#endUnmeasured();
    if (this.#isOver || part === null || Number(part) !== this.#nextPart) return outOfTurn;
    const isFirst = this.#nextPart === 0;
    if (isFirst && head === null) return outOfTurn;
    this.#nextPart += 1;
    clearTimeout(this.#timer);
    if (isFirst && head !== null && !this.#begin(head)) return taken;
    return await this.#pump(body);
  }

  /** Answers the person with a head; false if no bytes belong to it. */
  #begin(head: TransferHead): boolean {
    if (head.kind !== "content" && head.kind !== "archive") {
      this.#finish(head);
      return false;
    }
    const { readable, writable } =
      head.kind === "content" ? new FixedLengthStream(head.length) : new IdentityTransformStream();
    if (head.kind === "content") this.#parts = Math.max(1, Math.ceil(head.length / limits.maxTransferBytes));
    this.#sink = writable;
    this.#answer(answerOf(head, readable));
    return true;
  }

  async #pump(body: ReadableStream<Uint8Array> | null): Promise<number> {
    const sink = this.#sink;
    if (sink === null) return outOfTurn;
    try {
      await body?.pipeTo(sink, { preventClose: true });
      if (this.#nextPart < this.#parts) this.#wait(timing.transferWaitMs);
      else await this.#close(sink);
      return taken;
    } catch {
      this.#end();
      return gone;
    }
  }

  async #endUnmeasured(): Promise<number> {
    if (this.#isOver || this.#sink === null || this.#parts !== Number.POSITIVE_INFINITY) return outOfTurn;
    await this.#close(this.#sink);
    return taken;
  }

  async #close(sink: WritableStream<Uint8Array>): Promise<void> {
    this.#end();
    await sink.close();
  }

  /** Nobody who waits here waits for ever. */
  #wait(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#sink?.abort(left).catch(() => undefined);
      this.#finish(unavailable);
    }, ms);
  }

  #finish(head: TransferHead): void {
    if (this.#isOver) return;
    // A body that nobody took is not read to its end.
    if (this.#nextPart === 0) this.#body?.cancel(left).catch(() => undefined);
    this.#answer(answerOf(head, null));
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#onOver();
  }
}

function answerOf(head: TransferHead, body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body, { headers: { [transferHeadHeader]: encodeHead(head) } });
}

/** Nothing but its status means anything to a bridge. */
export function status(code: number): Response {
  return new Response(null, { status: code });
}
