/**
 * A strict reader of Prometheus' text format 0.0.4, for tests: what it takes, a scraper takes. Throws on anything that
 * the format does not allow, and on histograms that cannot be.
 */
export interface Scraped {
  types: Map<string, string>;
  /** By name and labels as they are written, e.g. `up{job="x"}`. */
  values: Map<string, number>;
}

const metricName = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/y;
const samplePattern = new RegExp(`^(${metricName})(?:\\{(.*)\\})? (NaN|[+-]Inf|[-+0-9.eE]+)$`);

export function readExposition(text: string): Scraped {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const scraped: Scraped = { types: new Map(), values: new Map() };
  const helped = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = new RegExp(`^# (HELP|TYPE) (${metricName}) (.+)$`).exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") {
        if (helped.has(name)) throw new Error(`a second HELP of ${name}`);
        helped.add(name);
      } else {
        if (scraped.types.has(name)) throw new Error(`a second TYPE of ${name}`);
        if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`not a type: ${rest}`);
        scraped.types.set(name, rest);
      }
      current = name;
    } else takeSample(scraped, current, line);
  }
  for (const [name, type] of scraped.types) {
    if (!helped.has(name)) throw new Error(`no HELP of ${name}`);
    if (type === "counter" && !name.endsWith("_total")) throw new Error(`${name} does not end in _total`);
    if (type === "histogram") checkHistogram(scraped, name);
  }
  return scraped;
}

function takeSample({ types, values }: Scraped, current: string, line: string): void {
  const [, name = "", labels = "", value = ""] = samplePattern.exec(line) ?? [];
  const family = types.get(current) === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
  if (name === "" || family !== current) throw new Error(`not a sample of ${current}: ${line}`);
  checkLabels(labels, line);
  const key = labels === "" ? name : `${name}{${labels}}`;
  if (values.has(key)) throw new Error(`twice: ${key}`);
  values.set(key, Number(value.replace("Inf", "Infinity")));
  if (Number.isNaN(values.get(key))) throw new Error(`not a number: ${line}`);
}

function checkLabels(text: string, line: string): void {
  labelPattern.lastIndex = 0;
  const seen = new Set<string>();
  while (labelPattern.lastIndex < text.length) {
    const name = labelPattern.exec(text)?.[1];
    if (name === undefined || seen.has(name)) throw new Error(`bad labels: ${line}`);
    seen.add(name);
    if (labelPattern.lastIndex < text.length && text[labelPattern.lastIndex++] !== ",")
      throw new Error(`no comma: ${line}`);
  }
}

/** Buckets grow, and the last one, +Inf, is the count. */
function checkHistogram({ values }: Scraped, name: string): void {
  const sets = new Map<string, number[]>();
  for (const [key, value] of values) {
    if (!key.startsWith(`${name}_bucket{`)) continue;
    const set = key
      .slice(name.length + "_bucket".length)
      .replace(/,?le="[^"]*"/, "")
      .replace(/^\{\}$/, "");
    sets.set(set, [...(sets.get(set) ?? []), value]);
  }
  for (const [set, buckets] of sets) {
    const isGrowing = buckets.every((value, index) => index === 0 || value >= (buckets[index - 1] ?? 0));
    if (!isGrowing) throw new Error(`buckets of ${name}${set} shrink`);
    if (values.get(`${name}_count${set}`) !== buckets.at(-1)) throw new Error(`count of ${name}${set} is not its +Inf`);
    if (!values.has(`${name}_sum${set}`)) throw new Error(`no sum of ${name}${set}`);
  }
}
