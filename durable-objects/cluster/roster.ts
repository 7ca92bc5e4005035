/**
 * Who does what for a cluster now: which bridge has the lease, and which serves what is wanted. The rules are in duties.ts;
 * here they meet the links and the storage. What is decided is kept and told before anything else happens, so that the bridges that
 * are here always know the newest duties; whoever relies on one looks first who is still here.
 */
import type { LinkedBridge } from "../protocol/objects.ts";
import { bridgeOf } from "../protocol/placement.ts";
import { isSameDuty, membersOf, nobody, type Present, type Standing, settle, withoutBridge } from "./duties.ts";
import type { Facts } from "./facts.ts";
import { bridgeIdOf, type ReadyLink, send } from "./link.ts";
import type { Links } from "./links.ts";
import type { Nudge } from "./nudges.ts";
import type { Wants } from "./wants.ts";

export class Roster {
  readonly #links: Links;
  readonly #wants: Wants;
  readonly #facts: Facts;
  readonly #onSettled: () => void;
  #dueAt = Number.POSITIVE_INFINITY;

  /** `onSettled` is told after every look: `settle` has something to do again at `dueAt()`. */
  constructor(links: Links, wants: Wants, facts: Facts, onSettled: () => void) {
    this.#links = links;
    this.#wants = wants;
    this.#facts = facts;
    this.#onSettled = onSettled;
  }

  /** When to look again who is here, as of the last `settle` (ms since the epoch); infinite for never. */
  dueAt(): number {
    return this.#dueAt;
  }

  /** Looks who is here and who does what, after this change; tells all if it is something new, and a newcomer in any case. */
  settle(change: (standing: Standing) => Standing = (standing) => standing, newcomer?: ReadyLink): Standing {
    const now = Date.now();
    const before = this.#standing();
    const silent = this.#closeSilent(now).map(bridgeIdOf);
    const { standing, lookAt } = settle(silent.reduce(withoutBridge, change(before)), this.#present(), now);
    this.#keep(before, standing);
    if (!isSameDuty(before, standing)) {
      this.#wants.assignTo(membersOf(standing));
      this.#tellDuties(standing, this.#links.ready());
    } else if (newcomer !== undefined) this.#tellDuties(standing, [newcomer]);
    this.#dueAt = lookAt ?? Number.POSITIVE_INFINITY;
    this.#onSettled();
    return standing;
  }

  /** Makes a terminal wanted; with `isRepeated` it is assigned anew if it was already. */
  want(terminal: string, isRepeated: boolean): void {
    if (this.#wants.add(terminal, membersOf(this.settle()), isRepeated)) this.tellWants();
  }

  /** Has its bridge leave a wanted terminal and come back to it. */
  assignAnew(terminal: string): void {
    this.#wants.add(terminal, membersOf(this.#standing()), true);
    this.tellWants();
  }

  /** Tells all what is wanted of them. */
  tellWants(): void {
    for (const link of this.#links.ready()) this.#tellWantsTo(link);
  }

  /** Tells all that the desired state has changed. */
  tellChanged({ revision, requestId }: Nudge): void {
    this.settle();
    for (const link of this.#links.ready()) send(link, { type: "changed", revision, request_id: requestId });
  }

  /** The link of the bridge that serves this environment; another one that is here if that one is away. */
  linkFor(environmentId: string): ReadyLink | null {
    const owner = bridgeOf(environmentId, membersOf(this.settle()));
    const ready = this.#links.ready();
    return (
      ready.find(({ state }) => state.bridgeId === owner) ??
      ready.find(({ state }) => !state.isDraining) ??
      ready[0] ??
      null
    );
  }

  /** Those that are linked now, the longest linked first. */
  linked(): LinkedBridge[] {
    const { lease } = this.settle();
    const bridges = this.#links.ready().map(({ state }) => ({
      ...state,
      hasLease: lease?.bridgeId === state.bridgeId,
      terminals: this.#wants.listOf(state.bridgeId).length,
    }));
    return bridges.sort((a, b) => a.sinceMs - b.sinceMs);
  }

  #closeSilent(now: number): ReadyLink[] {
    const silent = this.#links.ready().filter((link) => this.#links.isSilent(link, now));
    for (const link of silent) this.#links.close(link, "silent");
    return silent;
  }

  /** Those that may be given work. */
  #present(): Present[] {
    const staying = this.#links.ready().filter(({ state }) => !state.isDraining);
    return staying.map((link) => ({ ...link.state, heardAt: this.#links.heardAt(link) }));
  }

  #standing(): Standing {
    const kept = this.#facts.get("standing");
    return kept === null ? nobody : JSON.parse(kept);
  }

  #keep(before: Standing, standing: Standing): void {
    const text = JSON.stringify(standing);
    if (text !== JSON.stringify(before)) this.#facts.set("standing", text);
  }

  #tellDuties(standing: Standing, links: readonly ReadyLink[]): void {
    const bridges = membersOf(standing);
    for (const link of links) {
      const lease = standing.lease?.bridgeId === link.state.bridgeId;
      if (link.state.shares) send(link, { type: "duties", lease, bridges });
      this.#tellWantsTo(link);
    }
  }

  #tellWantsTo(link: ReadyLink): void {
    send(link, { type: "want", terminals: this.#wants.listOf(link.state.bridgeId) });
  }
}
