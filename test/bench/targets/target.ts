/** One of terminal.md's targets as it was measured: a figure, what it should be, and whether it is. Pure. */
import type { Table } from "../report.ts";

export interface Figure {
  /** What was measured, and on whom if not on us. */
  what: string;
  is: string;
  /** What it should be; without it the figure is for information. */
  goal?: string;
  isMet?: boolean;
}

export interface Target {
  /** Its number in the README of this folder. */
  number: number;
  title: string;
  note: string;
  figures: readonly Figure[];
}

/** A figure with the goal that it stays at or below a number. */
export function atMost(what: string, value: number, goal: number, unit: string): Figure {
  return { what, is: `${shown(value)} ${unit}`, goal: `<= ${goal} ${unit}`, isMet: value <= goal };
}

/** A count that should be zero. */
export function none(what: string, count: number): Figure {
  return { what, is: String(count), goal: "0", isMet: count === 0 };
}

export function plain(what: string, is: string): Figure {
  return { what, is };
}

export function tableOf({ number, title, note, figures }: Target): Table {
  return {
    title: `${number}. ${title}`,
    note,
    columns: ["what", "figure", "goal", "met"],
    rows: figures.map(({ what, is, goal, isMet }) => [
      what,
      is,
      goal ?? "",
      isMet === undefined ? "" : isMet ? "yes" : "NO",
    ]),
  };
}

/** The last lines of a report: what was missed. */
export function missed(targets: readonly Target[]): string[] {
  return targets.flatMap(({ number, figures }) =>
    figures
      .filter(({ isMet }) => isMet === false)
      .map(({ what, is, goal }) => `${number}: ${what}: ${is}, wanted ${goal}`),
  );
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 0);
}
