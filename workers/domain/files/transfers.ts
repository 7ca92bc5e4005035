/** Both ends of a transfer: the person's request, which waits in an object of its own, and the bridge's that serve it. */
import {
  encodeTicket,
  objectPaths,
  type TransferTicket,
  ticketHeader,
} from "../../../durable-objects/protocol/tickets.ts";
import {
  decodeHead,
  type TransferHead,
  type TransferOrder,
  transferHeadHeader,
  transferIdSchema,
  transferPartHeader,
} from "../../../durable-objects/protocol/transfers.ts";
import { Failed } from "../../rules/failures.ts";
import type { BridgeIdentity } from "../bridge.ts";
import type { Deps } from "../deps.ts";
import { failFor, type Workspace } from "./workspace.ts";

export type Body = ReadableStream<Uint8Array> | null;

/** What came of a transfer: never a failure, which is thrown. */
export interface Transferred {
  head: Exclude<TransferHead, { kind: "failed" }>;
  body: Body;
}

/**
 * Has a bridge of the cluster carry out an order; `body` is what goes up. Fails as files do, as `too_many_requests`
 * where others of theirs are under way, or as `unavailable`.
 */
export async function transfer(
  deps: Deps,
  { clusterId, ownerId }: Workspace,
  order: TransferOrder,
  body: Body,
): Promise<Transferred> {
  const id = hex(deps.randomBytes(16));
  const ticket: TransferTicket = { id, clusterId, order, ownerId, requestId: deps.requestId };
  const headers = { [ticketHeader]: encodeTicket(ticket) };
  const method = body === null ? "GET" : "PUT";
  const request = new Request(`http://object${objectPaths.transfer}`, { method, headers, body });
  const answer = await deps.objects.transfer(id).fetch(request);
  const head = decodeHead(answer.headers.get(transferHeadHeader));
  if (head === null) failFor({ code: "unavailable", message: "" });
  return head.kind === "failed" ? failFor(head) : { head, body: answer.body };
}

/** Hands a bridge's request to the transfer it names, with nothing of it but what belongs to the transfer. */
export async function serveTransfer(
  deps: Deps,
  { clusterId }: BridgeIdentity,
  id: string,
  { method, headers, body }: Request,
): Promise<Response> {
  if (!transferIdSchema.safeParse(id).success) throw new Failed({ kind: "not_found", what: "route" });
  const own = [transferHeadHeader, transferPartHeader].flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
  const ticket = encodeTicket({ clusterId, requestId: deps.requestId });
  const request = new Request(`http://object${objectPaths.bridge}`, {
    method,
    headers: [[ticketHeader, ticket], ...own],
    body,
  });
  return await deps.objects.transfer(id).fetch(request);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
