/** What the operators' page names is there, and every reason that is an operator's to mend is on it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { valuesWith } from "../../../bridge/deploy/render/chart.ts";
import { BridgeMetrics } from "../../../bridge/metrics.ts";
import { reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import packageJson from "../../../package.json" with { type: "json" };

const page = readFileSync(new URL("../../../bridge/deploy/README.md", import.meta.url), "utf8");
const quoted = new Set([...page.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? ""));

it("tells of every reason that is an operator's, and of none that is not", () => {
  const theirs = Object.entries(reasonFacts).flatMap(([reason, { mender }]) => (mender === "operator" ? [reason] : []));
  expect(theirs.filter((reason) => !quoted.has(reason))).toEqual([]);
  const table = page.slice(page.indexOf("| reason |"), page.indexOf("mend themselves"));
  const named = [...table.matchAll(/`([a-z]+(?:_[a-z]+)*)`/g)].map((match) => match[1] ?? "");
  expect(named.filter((word) => !(word in reasonFacts))).toEqual([]);
});

it("names numbers that the bridge tells", () => {
  const text = new BridgeMetrics().text({ isConnected: true, hasLease: true, terminals: { wanted: 0, open: 0 } });
  const named = [...page.matchAll(/devpocket_bridge_[a-z_]+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
});

it("names values of the chart, and commands of the repository", () => {
  const { environments } = valuesWith() as { environments: object };
  const values = [...page.matchAll(/`environments\.(\w+)/g)].map((match) => match[1] ?? "");
  expect(values.filter((name) => !(name in environments))).toEqual([]);
  const scripts = [...page.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? "");
  expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
});
