/**
 * Which window is shown as selected: one that was asked for at once, the true one where it could not be. What is typed
 * meanwhile is held by the terminal's line (terminal/held-input.ts).
 */
import type { WindowTab } from "./window-tabs.ts";

export interface WindowTurns {
  /** The windows as they are. */
  know(tabs: readonly WindowTab[]): void;
  /** Shows `tab` as selected while `select` is under way, and if it was done. */
  take(tab: WindowTab, select: () => Promise<boolean>): Promise<void>;
}

export function windowTurns(show: (tabs: readonly WindowTab[]) => void): WindowTurns {
  let known: readonly WindowTab[] = [];
  const wanted: string[] = [];

  function showWanted(): void {
    const id = wanted.findLast((one) => known.some((tab) => tab.id === one));
    show(id === undefined ? known : selecting(known, id));
  }

  return {
    know(tabs) {
      known = tabs;
      showWanted();
    },
    async take(tab, select) {
      wanted.push(tab.id);
      showWanted();
      const isDone = await select();
      wanted.splice(wanted.indexOf(tab.id), 1);
      if (isDone) known = selecting(known, tab.id);
      showWanted();
    },
  };
}

function selecting(tabs: readonly WindowTab[], id: string): WindowTab[] {
  return tabs.map((tab) => ({ ...tab, is_active: tab.id === id }));
}
