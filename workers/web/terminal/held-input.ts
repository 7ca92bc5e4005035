/**
 * Input for a window that is not shown yet. A turn begins when another window is asked for and ends when that was done
 * or could not be; what is typed in between is for the other window, and turns follow each other. Pure.
 */
import { appendDraft, type Draft } from "./drafts.ts";

export interface HeldInput {
  /** Another window is asked for: what comes from here on is for that. */
  begin(): void;
  readonly isHolding: boolean;
  add(drafts: readonly Draft[]): void;
  /** How much is held, in UTF-16 units. */
  units(): number;
  /** Says once a turn, when all input from before it has arrived, that its window may be asked for. */
  takeReady(hasArrived: boolean): boolean;
  /** The oldest turn is over; answers what was held for its window. */
  end(): Draft[];
}

export function createHeldInput(): HeldInput {
  const turns: Draft[][] = [];
  let isReadyTold = false;
  return {
    begin: () => turns.push([]),
    get isHolding() {
      return turns.length > 0;
    },
    add(drafts) {
      for (const draft of drafts) appendDraft(turns.at(-1) ?? [], draft);
    },
    units: () => turns.flat().reduce((sum, { data }) => sum + data.length, 0),
    takeReady(hasArrived) {
      if (turns.length === 0 || isReadyTold || !hasArrived) return false;
      isReadyTold = true;
      return true;
    },
    end() {
      isReadyTold = false;
      return turns.shift() ?? [];
    },
  };
}
