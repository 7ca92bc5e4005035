/**
 * What was last seen of an environment's objects in the cluster: its claim, its pod, the Events about them; and what they mean. It
 * only takes up what is told: nothing here asks or changes the cluster.
 */
import type { Resources } from "../../../../durable-objects/protocol/bridge-api.ts";
import type { ClusterObject } from "../client/objects.ts";
import { parseQuantity } from "../manifests/quantities.ts";
import { untilOverdue } from "../patience.ts";
import type { Stall } from "./stalls.ts";
import { type Standing, standingOf } from "./standing.ts";
import { type ClaimView, claimView, type PodView, podView } from "./views.ts";

export class Seen {
  #claim: ClaimView | null = null;
  #pod: PodView | null = null;
  /** The last of each kind of object that Events told of. */
  readonly #stalls = new Map<Stall["kind"], Stall>();

  get claim(): ClaimView | null {
    return this.#claim;
  }

  get pod(): PodView | null {
    return this.#pod;
  }

  /** What the pod's state means; null where there is no pod. */
  get standing(): Standing | null {
    return this.#pod && standingOf(this.#pod, this.#claim, [...this.#stalls.values()]);
  }

  /** Whether there is anything of it. */
  get isThere(): boolean {
    return this.#claim !== null || this.#pod !== null;
  }

  get generation(): number {
    return this.#pod?.generation ?? this.#claim?.generation ?? 0;
  }

  /** What it was given, by the record of its pod. */
  get resources(): Resources | null {
    return this.#pod?.resources ?? this.#claim?.resources ?? null;
  }

  /** What it takes of its namespace's room; a volume stays as large as it is. Null where it is not known. */
  get takes(): Resources | null {
    const { resources } = this;
    const heldBytes = Math.ceil(parseQuantity(this.#claim?.storage ?? "") ?? 0);
    return resources && { ...resources, storage_bytes: Math.max(resources.storage_bytes, heldBytes) };
  }

  get startedAtMs(): number | null {
    const at = Date.parse(this.#pod?.main?.state?.running?.startedAt ?? "");
    return Number.isNaN(at) ? null : at;
  }

  setClaim(object: ClusterObject | null): void {
    this.#claim = object && claimView(object);
  }

  setPod(object: ClusterObject | null): void {
    this.#pod = object && podView(object);
  }

  /** Takes up an Event about its pod or claim, or about an earlier one of that name; false where it knows better already. */
  takeStall(stall: Stall): boolean {
    const known = this.#stalls.get(stall.kind);
    const uid = stall.kind === "Pod" ? this.#pod?.uid : this.#claim?.uid;
    const isOld = known?.uid === uid && (stall.uid !== uid || stall.atMs < (known?.atMs ?? 0));
    if (known !== undefined && isOld) return false;
    this.#stalls.set(stall.kind, stall);
    return true;
  }

  /** Milliseconds until the pod is this much beyond the end of its time; null where it was not asked to end. */
  untilOverdue(byMs: number): number | null {
    return untilOverdue(this.#pod?.endsByMs ?? null, byMs, Date.now());
  }

  isOverdueBy(ms: number): boolean {
    return this.untilOverdue(ms) === 0;
  }
}
