/**
 * Numbered words of a typist, and what became of them: each must be in the file once and in order, unless its client
 * was told that nobody knows.
 */
import type { Draft } from "../../workers/web/terminal/drafts.ts";

const digits = 7;

/** The word number `n` of a typist whose name is one letter. */
export function word(typist: string, n: number): string {
  return `${typist}${String(n).padStart(digits, "0")};`;
}

export interface WordsVerdict {
  typed: number;
  arrived: number;
  /** Arrived more than once, or behind a later one. */
  doubled: number[];
  misplaced: number[];
  /** Neither arrived nor told as uncertain. */
  lost: number[];
  uncertain: number;
  /** What is no word of anybody: bytes that nobody typed. */
  strange: string;
}

/** Compares the file with what a typist typed: words 1 to `typed`. */
export function judgeWords(file: string, typist: string, typed: number, told: readonly Draft[]): WordsVerdict {
  const numbers = numbersIn(file, typist);
  const uncertain = new Set(numbersIn(told.map(({ data }) => data).join(""), typist));
  const seen = new Set<number>();
  const doubled: number[] = [];
  const misplaced: number[] = [];
  let last = 0;
  for (const n of numbers) {
    if (seen.has(n)) doubled.push(n);
    else if (n < last) misplaced.push(n);
    seen.add(n);
    last = Math.max(last, n);
  }
  const all = Array.from({ length: typed }, (_, index) => index + 1);
  const lost = all.filter((n) => !seen.has(n) && !uncertain.has(n));
  return { typed, arrived: seen.size, doubled, misplaced, lost, uncertain: uncertain.size, strange: strangeIn(file) };
}

function numbersIn(text: string, typist: string): number[] {
  return [...text.matchAll(new RegExp(`${typist}(\\d{${digits}});`, "g"))].map(([, number]) => Number(number));
}

function strangeIn(file: string): string {
  return file.replace(new RegExp(`[a-z]\\d{${digits}};`, "g"), "").slice(0, 200);
}
