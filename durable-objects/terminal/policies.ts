/** Which size a terminal has whose viewers draw at several. */
import type { Size } from "./viewers.ts";

export type SizePolicy =
  /** Per axis the smallest: everybody sees everything. */
  | { kind: "smallest" }
  /** That of whoever typed or changed size last. */
  | { kind: "latest" }
  /** The smallest of the owner's own. */
  | { kind: "owner" }
  | { kind: "fixed"; size: Size };

/** What a viewer has to say on the matter. Only who is visible and may type has a vote. */
export interface SizeVote {
  size: Size;
  isOwner: boolean;
  usedAt: number;
}

/** The size the votes come to; null if there is none to go by, and the last one stays. */
export function decideSize(policy: SizePolicy, votes: readonly SizeVote[]): Size | null {
  switch (policy.kind) {
    case "smallest":
      return smallest(votes);
    case "latest":
      return smallest(votes.toSorted((a, b) => b.usedAt - a.usedAt).slice(0, 1));
    case "owner":
      return smallest(votes.filter((vote) => vote.isOwner));
    case "fixed":
      return policy.size;
  }
}

function smallest(votes: readonly SizeVote[]): Size | null {
  if (votes.length === 0) return null;
  return {
    cols: Math.min(...votes.map(({ size }) => size.cols)),
    rows: Math.min(...votes.map(({ size }) => size.rows)),
  };
}
