/** Metrics on the wire: what we write, a strict reader of the format takes. */
import { describe, expect, it } from "vitest";
import { bucketOf, expositionText, histogramSamples } from "../../durable-objects/protocol/exposition.ts";
import { readExposition } from "../support/exposition.ts";

describe("the exposition format", () => {
  it("keeps whatever a label says", () => {
    const labels = { a: 'say "hi"\\n', b: "two\nlines", c: "" };
    const text = expositionText([
      { name: "x_total", help: "One\nhelp \\ line.", type: "counter", samples: [{ labels, value: 3 }] },
      { name: "empty", help: "Nothing.", type: "gauge", samples: [] },
      { name: "plain", help: "No labels.", type: "gauge", samples: [{ labels: {}, value: 1.5e-7 }] },
    ]);
    const { types, values } = readExposition(text);
    expect([...types]).toEqual([
      ["x_total", "counter"],
      ["empty", "gauge"],
      ["plain", "gauge"],
    ]);
    expect(text).toContain(String.raw`{a="say \"hi\"\\n",b="two\nlines",c=""} 3`);
    expect(values.get("plain")).toBe(1.5e-7);
  });

  it("adds up a histogram's buckets", () => {
    const bounds = [0.1, 1];
    expect([0.1, 0.2, 1, 7].map((value) => bucketOf(bounds, value))).toEqual([0, 1, 1, 2]);
    const samples = histogramSamples({ route: "/x" }, bounds, { counts: [2, 3, 4], sum: 12.5 });
    const { values } = readExposition(expositionText([{ name: "h", help: "H.", type: "histogram", samples }]));
    expect([...values]).toEqual([
      ['h_bucket{route="/x",le="0.1"}', 2],
      ['h_bucket{route="/x",le="1"}', 5],
      ['h_bucket{route="/x",le="+Inf"}', 9],
      ['h_sum{route="/x"}', 12.5],
      ['h_count{route="/x"}', 9],
    ]);
  });

  it.each([
    ["a line without an end", "# HELP a A.\n# TYPE a gauge\na 1"],
    ["a sample of nothing", "a 1\n"],
    ["a label without quotes", "# HELP a A.\n# TYPE a gauge\na{b=c} 1\n"],
    ["the same sample twice", "# HELP a A.\n# TYPE a gauge\na 1\na 2\n"],
    ["a counter that is not called one", "# HELP a A.\n# TYPE a counter\na 1\n"],
    ["a value that is none", "# HELP a A.\n# TYPE a gauge\na one\n"],
  ])("is read strictly: %s is refused", (_case, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});
