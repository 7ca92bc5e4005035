/**
 * The life of a cluster's bridges as their links tell it: each says hello, may drain or be in trouble, and goes. What that
 * makes of everybody's duties is the roster's.
 */
import type { Log } from "../logging.ts";
import type { BridgeMessage } from "../protocol/bridge-link.ts";
import { closes } from "../protocol/closes.ts";
import { nobody, withoutBridge, withoutForerunners, withoutMember } from "./duties.ts";
import {
  bridgeIdOf,
  isForerunner,
  isReady,
  keepDraining,
  keepHello,
  keepTrouble,
  type Link,
  type ReadyLink,
} from "./link.ts";
import type { Links } from "./links.ts";
import type { Roster } from "./roster.ts";

export class Bridges {
  readonly #links: Links;
  readonly #roster: Roster;
  readonly #log: Log;

  constructor(links: Links, roster: Roster, log: Log) {
    this.#links = links;
    this.#roster = roster;
    this.#log = log;
  }

  /** What a bridge says of itself. */
  take(link: Link, message: Exclude<BridgeMessage, { type: "answer" }>): void {
    if (message.type === "hello") this.#greet(link, message);
    else if (!isReady(link)) return;
    else if (message.type === "draining") this.#drain(link);
    else this.#note(link, message.message);
  }

  /** Its link has left. Who says goodbye has let go of everything. */
  left(link: Link, code: number): void {
    this.#links.left(link, code);
    if (!isReady(link)) return;
    const { bridgeId } = link.state;
    const isBack = this.#links.ready().map(bridgeIdOf).includes(bridgeId);
    if (isBack) return;
    this.#roster.settle((standing) => (code === closes.finished.code ? withoutBridge(standing, bridgeId) : standing));
  }

  /** Closes the links that were opened with this token. */
  revoke(tokenId: string): void {
    const revoked = this.#links.open().filter((link) => link.tokenId === tokenId);
    for (const link of revoked) this.#links.close(link, "bridgeRevoked");
    this.#roster.settle((standing) => revoked.filter(isReady).map(bridgeIdOf).reduce(withoutMember, standing));
  }

  /** What is remembered of bridges would grow with every name that one link takes. */
  #greet(link: Link, hello: Extract<BridgeMessage, { type: "hello" }>): void {
    const isRenamed = isReady(link) && link.state.bridgeId !== hello.bridge_id;
    if (isRenamed) this.#links.close(link, "badFrame");
    else this.#welcome(keepHello(link, hello, Date.now()));
  }

  /**
   * A bridge process has one link. One that cannot share serves alone, and the newest of both kinds stays: the others are
   * closed, and stop.
   */
  #welcome(link: ReadyLink): void {
    const { state } = link;
    const others = this.#links.ready().filter(({ id }) => id !== link.id);
    const ended = others.filter((other) => !state.shares || !other.state.shares || isForerunner(other, link));
    const replaced = others.filter((other) => other.state.bridgeId === state.bridgeId);
    for (const other of new Set([...ended, ...replaced])) this.#links.close(other, "superseded");
    this.#log("info", "link ready", { request_id: link.requestId, ...names(link) });
    this.#roster.settle((standing) => {
      if (!state.shares) return nobody;
      const left = ended.map(bridgeIdOf).filter((bridgeId) => bridgeId !== state.bridgeId);
      return withoutForerunners(left.reduce(withoutBridge, standing), state);
    }, link);
  }

  #drain(link: ReadyLink): void {
    keepDraining(link);
    this.#log("info", "link drains", names(link));
    this.#roster.settle((standing) => withoutBridge(standing, link.state.bridgeId));
  }

  #note(link: ReadyLink, message: string | null): void {
    const { trouble } = keepTrouble(link, message).state;
    if (trouble === null) this.#log("info", "bridge in order again", names(link));
    else this.#log("warn", "bridge in trouble", { ...names(link), trouble });
  }
}

/** Whose link it is, for the log. */
function names({ clusterId, state }: ReadyLink): { cluster_id: string; bridge_id: string } {
  return { cluster_id: clusterId, bridge_id: state.bridgeId };
}
