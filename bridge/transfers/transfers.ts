/**
 * Carries what people move between their devices and an environment's files: one transfer is one order of the control
 * link and the HTTP requests that answer it (protocol/transfers.ts). No more is in memory than the way takes.
 */
import type { ClusterMessage } from "../../durable-objects/protocol/bridge-link.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import {
  lastPart,
  type TransferHead,
  type TransferOrder,
  transferFailures,
} from "../../durable-objects/protocol/transfers.ts";
import type { Log } from "../log.ts";
import type { Bytes, EnvironmentFiles, OpenFile } from "../runtime/files.ts";
import { type Runtime, RuntimeFailure } from "../runtime/runtime.ts";
import type { Edge } from "../socket.ts";
import { TransferClient } from "./client.ts";
import { Cutter } from "./cutter.ts";
import { Places, TooManyTransfers } from "./places.ts";
import { bytesOf } from "./ranges.ts";

type Transfer = Extract<ClusterMessage, { type: "transfer" }>;
type Up = Extract<TransferOrder, { kind: "write_file" | "unpack" | "put_part" }>;
type Down = Exclude<TransferOrder, Up>;

export class Transfers {
  readonly #runtime: Runtime;
  readonly #edge: Edge;
  readonly #log: Log;
  readonly #open = new Set<AbortController>();
  readonly #places = new Places();
  #onEmptied = () => {};

  constructor(edge: Edge, runtime: Runtime, log: Log) {
    this.#edge = edge;
    this.#runtime = runtime;
    this.#log = log;
  }

  /** Carries it to its end, whatever that is; what goes wrong is told to who waits, and logged. */
  async carry({ id, order, owner, request_id }: Transfer): Promise<void> {
    const controller = new AbortController();
    const client = new TransferClient(this.#edge, id, controller.signal);
    const detail = { transfer: id, request_id, environment_id: order.environment_id, order: order.kind };
    this.#open.add(controller);
    try {
      await this.#places.taking(owner ?? order.environment_id, () => this.#move(client, order));
      this.#log("debug", "transfer carried", detail);
    } catch (error) {
      await client.tell(failedHead(error)).catch(() => undefined);
      if (!(error instanceof RuntimeFailure || error instanceof TooManyTransfers)) {
        this.#log("warn", "transfer was cut", { ...detail, error: error instanceof Error ? error.message : "unknown" });
      }
    } finally {
      controller.abort();
      this.#open.delete(controller);
      if (this.#open.size === 0) this.#onEmptied();
    }
  }

  /** Waits until no transfer is under way, so long at most. */
  async emptied(withinMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onEmptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends every transfer. */
  close(): void {
    for (const controller of this.#open) controller.abort();
  }

  async #move(client: TransferClient, order: TransferOrder): Promise<void> {
    const files = await this.#runtime.files(order.environment_id);
    if (order.kind === "read_file" || order.kind === "pack") return await bringDown(client, files, order);
    await client.tell(await takeUp(files, order, client.body()));
  }
}

/** What is refused before its first byte is read leaves the body where it is. */
async function takeUp(files: EnvironmentFiles, order: Up, body: Bytes): Promise<TransferHead> {
  switch (order.kind) {
    case "write_file": {
      const { file, isNew } = await files.write(order.path, body, order);
      return { kind: "written", file, is_new: isNew };
    }
    case "unpack":
      return { kind: "unpacked", entries: await files.unpack(order.path, body, order.length) };
    case "put_part":
      await files.putPart(order.upload, order.part, body, order.length);
      return { kind: "part_taken", part: order.part };
  }
}

async function bringDown(client: TransferClient, files: EnvironmentFiles, order: Down): Promise<void> {
  if (order.kind === "pack") {
    const { name, body } = await files.pack(order.path);
    return await send(client, { kind: "archive", name }, body, null);
  }
  const opened = await files.open(order.path);
  try {
    await bringFile(client, opened, order);
  } finally {
    await opened.close();
  }
}

type ReadOrder = Extract<Down, { kind: "read_file" }>;

async function bringFile(client: TransferClient, { file, read }: OpenFile, order: ReadOrder): Promise<void> {
  const isKnown = order.if_none_match.some((etag) => etag === "*" || etag === file.etag);
  if (isKnown) return await client.tell({ kind: "not_modified", file });
  // A range of another file than the one that was meant is of no use to anybody.
  const range = order.if_range === null || order.if_range === file.etag ? order.range : null;
  const part = bytesOf(range, file.size);
  if (part === null) return await client.tell({ kind: "unsatisfiable", size: file.size });
  const head: TransferHead = { kind: "content", file, ...part, is_whole: range === null };
  await send(client, head, read(part.from, part.length), part.length);
}

/** Sends a body in as many requests as it takes; of one whose length nobody knows the end is said. */
async function send(client: TransferClient, head: TransferHead, body: Bytes, length: number | null): Promise<void> {
  const cutter = new Cutter(body);
  try {
    let number = 0;
    do {
      const bytes = cutter.next(limits.maxTransferBytes);
      const isGoingOn = await client.send(number, number === 0 ? head : null, bytes);
      if (!isGoingOn) return;
      number += 1;
    } while (!cutter.isOver && (length === null || cutter.sentBytes < length));
    if (length === null) await client.send(lastPart, null, null);
  } finally {
    await cutter.close();
  }
}

function failedHead(error: unknown): TransferHead {
  if (error instanceof TooManyTransfers) return { kind: "failed", code: "too_many_transfers", message: error.message };
  if (!(error instanceof RuntimeFailure)) return { kind: "failed", code: "unavailable", message: "It was cut" };
  const code = transferFailures.find((each) => each === error.code) ?? "unavailable";
  return { kind: "failed", code, message: error.message.slice(0, 1_024) };
}
