/** The OpenAPI document before a linter that knows nothing of us. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, it } from "vitest";
import { makeDocument } from "./document.ts";

it("has nothing that Redocly's recommended rules complain of, warnings included", async () => {
  const source = JSON.stringify(await makeDocument());
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source, config, absoluteRef: "openapi.json" });
  const told = problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
  expect(told).toEqual([]);
}, 120_000);

it("writes no pattern with the flags of a JavaScript literal, which JSON Schema does not know", async () => {
  const patterns: string[] = [];
  JSON.stringify(await makeDocument(), (key, value) => {
    if (key === "pattern" && typeof value === "string") patterns.push(value);
    return value;
  });
  expect(patterns.length).toBeGreaterThan(0);
  expect(patterns.filter((pattern) => /\/[dgimsuvy]+$/.test(pattern))).toEqual([]);
});
