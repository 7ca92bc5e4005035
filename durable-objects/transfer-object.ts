/**
 * The platform shell of one transfer, named by its random id: a person's request waits here while a bridge of its
 * cluster, told over the control link, brings or takes the body. Nothing is kept; no byte stays here.
 */
import { DurableObject } from "cloudflare:workers";
import { type Log, objectLog } from "./logging.ts";
import type { TransferRpc } from "./protocol/objects.ts";
import {
  decodeTicket,
  objectPaths,
  ticketHeader,
  transferBridgeTicketSchema,
  transferTicketSchema,
} from "./protocol/tickets.ts";
import { status, Transfer } from "./transfer.ts";

const notThere = 404;

export class TransferObject extends DurableObject<ObjectsEnv> implements TransferRpc {
  readonly #log: Log;
  #transfer: Transfer | null = null;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#log = objectLog(env);
  }

  override async fetch(request: Request): Promise<Response> {
    const isPerson = new URL(request.url).pathname === objectPaths.transfer;
    return isPerson ? await this.#begin(request) : await this.#serve(request);
  }

  async #begin(request: Request): Promise<Response> {
    const ticket = decodeTicket(request.headers.get(ticketHeader), transferTicketSchema);
    const transfer = new Transfer(ticket, request.body, () => this.#over(transfer));
    this.#transfer = transfer;
    const { id, clusterId, order, ownerId, requestId } = ticket;
    const isTold = await this.env.CLUSTERS.getByName(clusterId).transfer(id, order, requestId, ownerId);
    if (!isTold) transfer.fail();
    return await transfer.answered;
  }

  /** A bridge of another cluster learns nothing of it. */
  async #serve(request: Request): Promise<Response> {
    const { clusterId, requestId } = decodeTicket(request.headers.get(ticketHeader), transferBridgeTicketSchema);
    const transfer = this.#transfer;
    if (transfer === null || transfer.clusterId !== clusterId) {
      this.#log("info", "no such transfer", { request_id: requestId, cluster_id: clusterId });
      return status(notThere);
    }
    return await transfer.serve(request);
  }

  #over(transfer: Transfer): void {
    if (this.#transfer === transfer) this.#transfer = null;
  }
}
