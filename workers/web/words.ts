/** The words and tones the page has for what an environment is doing. */
import type { Phase } from "../../durable-objects/protocol/vocabulary.ts";
import type { Metrics } from "./api/model.ts";

export type Tone = "live" | "waiting" | "idle" | "error";

const phaseWords: Readonly<Record<Phase, readonly [string, Tone]>> = {
  creating: ["Creating", "waiting"],
  provisioning: ["Starting", "waiting"],
  installing: ["Setting up", "waiting"],
  configuring: ["Setting up", "waiting"],
  running: ["Running", "live"],
  restarting: ["Restarting", "waiting"],
  stopping: ["Stopping", "waiting"],
  stopped: ["Stopped", "idle"],
  error: ["Needs attention", "error"],
  terminated: ["Deleted", "idle"],
};

export function phaseWord(phase: Phase): string {
  return phaseWords[phase][0];
}

export function phaseTone(phase: Phase): Tone {
  return phaseWords[phase][1];
}

/** True while the phase ends by itself, so that looking again is worth it. */
export function isPassing(phase: Phase): boolean {
  return phaseTone(phase) === "waiting";
}

/** `500m` -> `0.5 CPU`, `1Gi` -> `1 GB`: sizes as people say them. */
export function sizeWords(sizes: { cpu: string; memory: string; storage: string }): string {
  const parts = [cpuWords(sizes.cpu), `${byteWords(sizes.memory)} memory`, `${byteWords(sizes.storage)} disk`];
  // Lines break after a dot and never inside a part.
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join("\u00a0· ");
}

function cpuWords(cpu: string): string {
  const cores = cpu.endsWith("m") ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu);
  return Number.isFinite(cores) ? `${cores} CPU` : cpu;
}

function byteWords(quantity: string): string {
  return quantity.replace(/^([\d.]+)\s*([KMGT])i?B?$/, "$1 $2B");
}

/** `512 B`, `1.5 kB`, `20 MB`: a file's size. */
export function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power]}`;
}

/** `CPU 3%  Mem 12%  Disk 1%`; a reading that there is not is a dash, and the reason follows. */
export function metricsLine({ cpu_usage, memory_usage, storage_usage, reason }: Metrics): string {
  const names = ["CPU", "Mem", "Disk"];
  const readings = [cpu_usage ?? null, memory_usage ?? null, storage_usage ?? null];
  const known = readings.filter((reading) => reading !== null);
  const line = readings.map((reading, at) => `${names[at]} ${percent(reading)}`).join("  ");
  // A reason may also be about a reading that is not shown.
  const why = known.length < readings.length && reason ? ` (${reason.replaceAll("_", " ")})` : "";
  return (known.length === 0 ? "Metrics –" : line) + why;
}

function percent(value: number | null): string {
  if (value === null) return "–";
  return value > 0 && value < 1 ? "<1%" : `${Math.round(value)}%`;
}

/** Two letters for a card without a picture. */
export function monogram(templateId: string): string {
  const marks: Readonly<Record<string, string>> = {
    python: "Py",
    nodejs: "JS",
    golang: "Go",
    rust: "Rs",
    postgres: "Pg",
  };
  return marks[templateId] ?? templateId.slice(0, 1).toUpperCase() + templateId.slice(1, 2);
}

/** A name such as `python-2` that none of `taken` has (names are unique without regard to case). */
export function suggestName(templateId: string, taken: readonly string[]): string {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  const base = `my-${templateId}`.slice(0, 44);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!used.has(name.toLowerCase())) return name;
  }
}
