/**
 * Which of several bridges serves an environment: all its terminals, its logs, the saving of its session and its readings.
 * Everybody who knows the same bridges comes to the same answer, and when one comes or goes only what is its own moves
 * (rendezvous hashing: the bridge with the highest weight). Pure.
 */

/** The bridge of an environment among these ids; null without any. */
export function bridgeOf(environmentId: string, bridgeIds: readonly string[]): string | null {
  let best: { id: string; weight: number } | null = null;
  for (const id of bridgeIds) {
    const weight = weightOf(id, environmentId);
    if (best === null || weight > best.weight || (weight === best.weight && id < best.id)) best = { id, weight };
  }
  return best?.id ?? null;
}

/** 32 bits of `bridge/environment`: FNV-1a over its UTF-16 units, then the mixing of MurmurHash3. */
export function weightOf(bridgeId: string, environmentId: string): number {
  let hash = 0x811c9dc5;
  for (const unit of `${bridgeId}/${environmentId}`.split("")) {
    hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
