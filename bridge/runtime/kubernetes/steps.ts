/**
 * Brings the objects of one environment about, and away: each is applied with all we say of it, so that it does not matter what
 * was there before. What has the name of one of ours and is not ours is never written to.
 */
import type { DesiredEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type ObservedReason, reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { RuntimeFailure } from "../runtime.ts";
import type { Calls } from "./client/calls.ts";
import type { Kind } from "./client/kinds.ts";
import type { ClusterObject, Manifest } from "./client/objects.ts";
import { ClusterProblem } from "./client/problem.ts";
import { type ClaimWish, claim } from "./manifests/claim.ts";
import { type InitFiles, initConfig, initConfigName } from "./manifests/init-config.ts";
import { annotations, environmentFinalizer, objectName } from "./manifests/names.ts";
import { pod } from "./manifests/pod.ts";
import { parseQuantity } from "./manifests/quantities.ts";
import { startupSecret, variablesSecret } from "./manifests/secrets.ts";
import { isRootRefused } from "./manifests/security.ts";
import { service } from "./manifests/service.ts";
import type { ManifestSettings } from "./manifests/settings.ts";
import { encodeNotice, type News } from "./notice.ts";
import { isAdoptable } from "./observe/ownership.ts";
import { type ClaimView, claimView } from "./observe/views.ts";
import { adopt, applyOwn } from "./own.ts";

export interface Made {
  claim: ClusterObject;
  pod: ClusterObject;
}

export class Steps {
  readonly #calls: Calls;
  readonly #settings: ManifestSettings;
  readonly #initFiles: InitFiles;

  constructor(calls: Calls, settings: ManifestSettings, initFiles: InitFiles) {
    this.#calls = calls;
    this.#settings = settings;
    this.#initFiles = initFiles;
  }

  /**
   * Makes everything of an environment; `news` is what is to be said of it. A claim that was made here goes again where the
   * rest is refused.
   */
  async make(environment: DesiredEnvironment, news: readonly News[], signal: AbortSignal): Promise<Made> {
    if (isRootRefused(environment, this.#settings)) {
      const { message } = reasonFacts.user_namespaces_missing;
      throw new RuntimeFailure("refused", message, "user_namespaces_missing");
    }
    const { clusterId } = this.#settings;
    const existing = await adopt(this.#calls, clusterId, "persistentvolumeclaims", objectName(environment.id), signal);
    const { object: made, shortfall } = await this.#makeClaim(environment, existing && claimView(existing), signal);
    const notice =
      shortfall === null ? news : [...news, { reason: shortfall, message: reasonFacts[shortfall].message }];
    try {
      return { claim: made, pod: await this.#makeRest(environment, made.metadata.uid, notice, signal) };
    } catch (error) {
      if (existing === null && error instanceof ClusterProblem && error.kind !== "unavailable") {
        await this.removeClaim(environment.id, made, signal);
      }
      throw error;
    }
  }

  /** Notes on the claim that the environment is to rest. */
  async markStopped(environmentId: string, view: ClaimView, signal: AbortSignal): Promise<ClusterObject> {
    return await this.#applyClaim({ ...wishOf(environmentId, view), desired: "stopped" }, view, signal);
  }

  /** `isForced`: nobody waits for its machine to say that the processes have ended; see `patience.ts`. */
  async removePod(object: { name: string; uid: string }, signal: AbortSignal, isForced = false): Promise<void> {
    await this.#calls.delete("pods", object, signal, isForced ? 0 : undefined);
  }

  /** Begins the deletion of a claim and takes our finalizer away: who calls has seen to it that nothing runs any more. */
  async removeClaim(environmentId: string, object: ClusterObject, signal: AbortSignal): Promise<void> {
    const { name, uid, deletionTimestamp } = object.metadata;
    if (!deletionTimestamp) await this.#calls.delete("persistentvolumeclaims", { name, uid }, signal);
    await this.finish(environmentId, claimView(object), signal);
  }

  async finish(environmentId: string, view: ClaimView, signal: AbortSignal): Promise<void> {
    if (!view.finalizers.includes(environmentFinalizer)) return;
    const current = await this.#calls.get("persistentvolumeclaims", view.name, signal);
    if (current === null || current.metadata.uid !== view.uid) return;
    await this.#applyClaim(wishOf(environmentId, claimView(current)), claimView(current), signal, []).catch(ignoreGone);
  }

  async beginDeletion(view: ClaimView, signal: AbortSignal): Promise<void> {
    if (!view.isDeleting) await this.#calls.delete("persistentvolumeclaims", view, signal);
  }

  async getPod(environmentId: string, signal: AbortSignal): Promise<ClusterObject | null> {
    return await this.#calls.get("pods", objectName(environmentId), signal);
  }

  /** Puts down what is to be said of the environment; null where there is another pod now, or none. */
  async notePod(object: { name: string; uid: string }, notice: readonly News[]): Promise<ClusterObject | null> {
    const text = notice.length === 0 ? null : encodeNotice(notice);
    return await this.#calls.annotate("pods", object, { [annotations.notice]: text });
  }

  async #makeRest(
    environment: DesiredEnvironment,
    claimUid: string,
    notice: readonly News[],
    signal: AbortSignal,
  ): Promise<ClusterObject> {
    const settings = this.#settings;
    const named = service(environment, claimUid, settings);
    await Promise.all([
      this.#calls.apply("configmaps", initConfig(this.#initFiles, settings), signal),
      this.#applyOwn("secrets", variablesSecret(environment, claimUid, settings), signal),
      this.#applyOwn("secrets", startupSecret(environment, claimUid, settings), signal),
      named === null ? this.#removeService(environment.id, signal) : this.#applyOwn("services", named, signal),
    ]);
    const parts = { claimUid, initConfig: initConfigName(this.#initFiles) };
    const manifest = pod(environment, parts, settings);
    const noted = notice.length === 0 ? {} : { [annotations.notice]: encodeNotice(notice) };
    const metadata = { ...manifest.metadata, annotations: { ...manifest.metadata?.annotations, ...noted } };
    return await this.#applyOwn("pods", { ...manifest, metadata } as Manifest, signal);
  }

  /** It has no port, or none any more. One of that name that is not ours stays. */
  async #removeService(environmentId: string, signal: AbortSignal): Promise<void> {
    const found = await this.#calls.get("services", objectName(environmentId), signal);
    if (found !== null && isAdoptable(found, this.#settings.clusterId))
      await this.#calls.delete("services", found.metadata, signal);
  }

  async #applyOwn(kind: Kind, manifest: Manifest, signal: AbortSignal): Promise<ClusterObject> {
    return await applyOwn(this.#calls, this.#settings.clusterId, kind, manifest, signal);
  }

  /** A volume grows where its class lets it, and never becomes smaller. */
  async #makeClaim(
    wish: ClaimWish,
    existing: ClaimView | null,
    signal: AbortSignal,
  ): Promise<{ object: ClusterObject; shortfall: ObservedReason | null }> {
    const held = heldBytes(existing);
    try {
      return { object: await this.#applyClaim(wish, existing, signal), shortfall: null };
    } catch (error) {
      const isRefusal = error instanceof ClusterProblem && (error.kind === "refused" || error.kind === "invalid");
      if (!isRefusal || held === null || wish.resources.storage_bytes <= held) throw error;
      const kept = { ...wish, resources: { ...wish.resources, storage_bytes: held } };
      return { object: await this.#applyClaim(kept, existing, signal), shortfall: "storage_not_resized" };
    }
  }

  async #applyClaim(
    wish: ClaimWish,
    existing: ClaimView | null,
    signal: AbortSignal,
    finalizers?: string[],
  ): Promise<ClusterObject> {
    const storage = Math.max(wish.resources.storage_bytes, heldBytes(existing) ?? 0);
    const settings = existing === null ? this.#settings : { ...this.#settings, storageClass: existing.storageClass };
    const sized = { ...wish, resources: { ...wish.resources, storage_bytes: storage } };
    const manifest = claim(sized, settings, existing?.uid);
    if (finalizers !== undefined && manifest.metadata) manifest.metadata.finalizers = finalizers;
    return await this.#calls.apply("persistentvolumeclaims", manifest, signal, true);
  }
}

/** What the claim says of itself, to be said again. */
function wishOf(id: string, { generation, desired, resources, storage }: ClaimView): ClaimWish {
  const bytes = Math.ceil(parseQuantity(storage ?? "") ?? 1);
  const unknown = { cpu_millicores: 1, memory_bytes: 1, storage_bytes: bytes };
  return { id, generation, desired, resources: { ...(resources ?? unknown), storage_bytes: bytes } };
}

function heldBytes(view: ClaimView | null): number | null {
  const bytes = view?.storage == null ? null : parseQuantity(view.storage);
  return bytes === null ? null : Math.ceil(bytes);
}

/** A conflict with the uid: there is none of it any more. */
function ignoreGone(error: unknown): null {
  if (error instanceof ClusterProblem && (error.kind === "not_found" || error.kind === "conflict")) return null;
  throw error;
}
