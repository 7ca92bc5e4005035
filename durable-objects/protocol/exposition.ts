/**
 * Prometheus' text exposition format 0.0.4, which Worker and bridge both answer with
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** What a histogram's lines add to its name. */
  suffix?: "_bucket" | "_sum" | "_count";
}

/** One metric with everything that was counted or measured of it. */
export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: readonly Sample[];
}

/** Every family with its HELP and TYPE; one without samples is told too, so that its name is known. */
export function expositionText(families: readonly Family[]): string {
  return families.map(familyText).join("");
}

/**
 * A histogram's lines of one set of labels. `counts` tells how many fell into each bucket, the last one those above
 * every bound; the format wants them added up.
 */
export function histogramSamples(
  labels: Sample["labels"],
  bounds: readonly number[],
  { counts, sum }: { counts: readonly number[]; sum: number },
): Sample[] {
  const tops = [...bounds.map(String), "+Inf"];
  let total = 0;
  const buckets = tops.map((le, index): Sample => {
    total += counts[index] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le }, value: total };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
}

/** The index of the bucket a value falls into; `bounds.length` = above every bound. */
export function bucketOf(bounds: readonly number[], value: number): number {
  const index = bounds.findIndex((bound) => value <= bound);
  return index === -1 ? bounds.length : index;
}

function familyText({ name, help, type, samples }: Family): string {
  const head = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
  return (
    head +
    samples.map((sample) => `${name}${sample.suffix ?? ""}${labelsText(sample.labels)} ${sample.value}\n`).join("")
  );
}

function labelsText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
