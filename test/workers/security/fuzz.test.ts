/**
 * Bodies nobody would send, to every route that takes one, read from the router itself: whatever comes, the answer
 * is not a fault of ours, and a refusal is a problem body with its request's id.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../../workers/app.ts";
import { api, newWorld } from "../environments/world.ts";

/** A session that ends in the middle would leave nothing to fuzz. */
const endsTheSession = /\/auth\/logout/;
const bridgeRoute = /\/api\/v1\/bridge\//;

const routes = [
  ...new Set(
    app.routes
      .filter(({ method }) => method === "POST" || method === "PUT")
      .map(({ method, path }) => `${method} ${path}`),
  ),
].filter((route) => !endsTheSession.test(route));

let world: Awaited<ReturnType<typeof newWorld>>;
let environmentId: string;

beforeAll(async () => {
  world = await newWorld(1000);
  environmentId = (await world.create()).body.id;
});

/** The names of the fields that the public routes read, so that the values get past the outermost object. */
const fieldNames = fieldNamesOf(app.getOpenAPIDocument({ openapi: "3.0.0", info: { title: "", version: "" } }));
const bridgeFields = ["bridge_id", "runtime", "observed", "samples"];

function fieldNamesOf(document: object): string[] {
  const names = new Set<string>();
  JSON.stringify(document, (key, value) => {
    if (key === "properties") for (const name of Object.keys(value)) names.add(name);
    return value;
  });
  return [...names];
}

const oddTexts = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "😀",
  "__proto__",
  "../../x",
  "' or 1=1 --",
  "$(id)",
  "x".repeat(2000),
];
const oddValues = [null, true, 0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER, [], {}, [[[]]], { $ne: null }];
const value = fc.oneof(
  fc.constantFrom<unknown>(...oddTexts, ...oddValues),
  fc.string({ unit: "binary" }),
  fc.dictionary(
    fc.oneof(fc.constantFrom("cpu", "memory", "A", "", "a\0"), fc.string()),
    fc.constantFrom<unknown>(...oddTexts, ...oddValues),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
/** What a client would send; one or two odd values in it get as far as a body can. */
const plausible = () => ({
  username: `u${crypto.randomUUID().slice(0, 12)}`,
  email: `${crypto.randomUUID()}@example.com`,
  password: "SecurePass123!",
  current_password: "wrong",
  new_password: "SecurePass123!",
  refresh_token: "x",
  name: crypto.randomUUID(),
  template: world.template,
  cluster_id: world.cluster.id,
  environment_variables: { A: "1" },
  resources: { cpu: "500m" },
  bridge_id: "b",
  runtime: "local",
  observed: [observation],
  samples: [sample],
});
const observation = {
  environment_id: `env_${"z".repeat(20)}`,
  generation: 1,
  phase: "running",
  status_message: null,
  reason: null,
  installation_completed: true,
};
const sample = { environment_id: observation.environment_id, readings: {}, last_activity: null };
const odd = (names: string[], maxKeys: number) =>
  fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys });
const body = fc.oneof(
  { weight: 4, arbitrary: odd(fieldNames, 2).map((some) => ({ ...plausible(), ...some })) },
  {
    weight: 2,
    arbitrary: odd(Object.keys(observation), 2).map((some) => {
      const own = { ...observation, environment_id: environmentId };
      return { ...plausible(), observed: [{ ...own, ...some }], samples: [{ ...sample, ...some }] };
    }),
  },
  { weight: 2, arbitrary: odd([...fieldNames, ...bridgeFields], 12) },
  { weight: 1, arbitrary: value },
);
const text = fc.oneof(
  { weight: 6, arbitrary: body.map((content) => JSON.stringify(content) ?? "") },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  {
    weight: 1,
    arbitrary: fc.tuple(body, fc.nat(60)).map(([content, at]) => (JSON.stringify(content) ?? "").slice(0, at)),
  },
);

describe.each(routes)("%s", (route) => {
  it("answers whatever body it is sent", async () => {
    const [method = "", pattern = ""] = route.split(" ");
    const path = pattern.replaceAll(/:[a-zA-Z]+(\{[^}]+\})?/g, environmentId);
    const token = bridgeRoute.test(route) ? world.cluster.token : world.person.token;
    await fc.assert(
      fc.asyncProperty(text, async (sent) => {
        const {
          status,
          headers,
          body: answer,
        } = await api<Record<string, unknown>>(method, path, { token, body: sent });
        expect(status).toBeLessThan(500);
        if (status < 400) return;
        expect(headers.get("content-type")).toBe("application/problem+json");
        expect(answer).toMatchObject({ status, code: expect.any(String), request_id: headers.get("x-request-id") });
      }),
      { numRuns: 20 },
    );
  });
});

it("finds the routes and the fields there are", () => {
  expect(routes).toContain("POST /api/v1/environments");
  expect(fieldNames).toEqual(expect.arrayContaining(["username_or_email", "environment_variables", "new_password"]));
});
