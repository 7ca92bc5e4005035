/** The control links of a cluster: who is here, heard of when, and how each begins and ends. */
import { type Metering, meterClose } from "../metering.ts";
import type { CloseName } from "../protocol/closes.ts";
import { timing } from "../protocol/timing.ts";
import { acceptUpgrade, closeSocket, isOpen, lastPingAt } from "../sockets.ts";
import { isReady, type Link, linkOf, newKeepsake, type ReadyLink } from "./link.ts";

export class Links {
  readonly #metering: Metering;
  readonly #onLost: (linkId: string) => void;

  /** `onLost` is told of a link that was closed or has left, of some twice. */
  constructor(metering: Metering, onLost: (linkId: string) => void) {
    this.#metering = metering;
    this.#onLost = onLost;
  }

  /** Takes in the link whose ticket this is. */
  accept(ticketText: string | null): Response {
    const keepsake = newKeepsake(ticketText);
    this.#metering.log("info", "link opened", { request_id: keepsake.requestId, cluster_id: keepsake.clusterId });
    return acceptUpgrade(this.#metering.ctx, [], keepsake).response;
  }

  /** The open links, whether or not they have said hello. */
  open(): Link[] {
    return this.#metering.ctx.getWebSockets().filter(isOpen).map(linkOf);
  }

  /** The open links that have said hello. */
  ready(): ReadyLink[] {
    return this.open().filter(isReady);
  }

  /** When it gave its last sign: a ping that the platform answered, or its hello. */
  heardAt({ socket, state }: ReadyLink): number {
    return Math.max(state.sinceMs, lastPingAt(this.#metering.ctx, socket) ?? 0);
  }

  /** Who shares pings often and is missed early; others count once they have pinged. */
  isSilent(link: ReadyLink, now: number): boolean {
    if (link.state.shares) return now - this.heardAt(link) > timing.linkSilentAfterMs;
    const pingedAt = lastPingAt(this.#metering.ctx, link.socket);
    return pingedAt !== null && now - pingedAt > timing.bridgeSilentAfterMs;
  }

  close(link: Link, close: CloseName): void {
    closeSocket(link.socket, close);
    this.#metering.log("info", "link closed", { request_id: link.requestId, cluster_id: link.clusterId, close });
    this.#onLost(link.id);
  }

  /** It has left, also after a close of ours, whose code the peer sends back. */
  left(link: Link, code: number): void {
    meterClose(this.#metering, "link", code);
    this.#onLost(link.id);
    this.#metering.log("info", "link left", { request_id: link.requestId, cluster_id: link.clusterId, code });
  }
}
