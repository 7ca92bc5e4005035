/** The coarse limit is written twice, for the platform and for the code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { floodRequestsPerMinute, isFloodCounted } from "../../workers/rules/floods.ts";
import { root } from "../support/source-tree.ts";

it("is the same in wrangler.toml, and above every plan's own", () => {
  const text = readFileSync(join(root, "wrangler.toml"), "utf8");
  expect(text).toContain(`simple = { limit = ${floodRequestsPerMinute}, period = 60 }`);
  expect(floodRequestsPerMinute).toBeGreaterThan(5_000);
});

it("is counted unless one address may ask as much anyway", () => {
  expect(isFloodCounted({ addressRequestsPerMinute: 100 })).toBe(true);
  expect(isFloodCounted({ addressRequestsPerMinute: floodRequestsPerMinute })).toBe(false);
});
