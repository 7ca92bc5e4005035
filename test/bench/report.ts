/** The result as Markdown: tables with a line of explanation each. Pure. */
import type { RoundsSummary } from "./statistics.ts";

export interface Table {
  title: string;
  /** One or two sentences: what was done and how to read it. */
  note: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Two significant places for small figures, none for large ones. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const places = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toFixed(places);
}

/** `value / base` as a factor, `-` when there is nothing to compare with. */
export function ratio(value: number, base: number | undefined): string {
  return base === undefined || base === 0 ? "-" : `${figure(value / base)}x`;
}

export function range([low, high]: readonly [number, number]): string {
  return `${figure(low)} - ${figure(high)}`;
}

/** Name, p50, p99, both in relation to `base`, and the range of the rounds. */
export function latencyCells(result: RoundsSummary & { name: string }, base: RoundsSummary | undefined): string[] {
  return [
    result.name,
    figure(result.p50),
    figure(result.p99),
    ratio(result.p50, base?.p50),
    ratio(result.p99, base?.p99),
    range(result.p50Range),
  ];
}

/** Renders one table; columns are padded so that the raw text can be read as it stands. */
export function markdown({ title, note, columns, rows }: Table): string {
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [`## ${title}`, "", note, "", line(columns), rule, ...rows.map(line), ""].join("\n");
}
