/**
 * A long walk through the API by a person and an administrator. Every answer is held against the document by the
 * requests themselves (support/document.ts); here each operation has to be seen succeeding, so that the shapes of
 * successes are held too and not those of refusals alone.
 */
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { FakeBridge } from "../environments/fake-bridge.ts";
import { type Asked, api, db, newWorld, patientApi, setPhase, setPlan, uniqueWord } from "../environments/world.ts";
import { call, newPerson } from "../support/api.ts";
import { operationOf, theDocument } from "../support/document.ts";

type Body = Record<string, unknown>;
type Step = [request: string, body?: unknown];

/** Sockets, pages, and what wants a mail, a Google, a scraper or a bridge's link: their own tests send them, and hold them too. */
const elsewhere =
  /^(open(Terminal|Logs)|\w*Google\w*|verifyEmail|resetPassword|readOutbox|getEnvironmentLogs|\w+Windows?|\w+(Files?|Directory|Upload|UploadPart)|getDocs|getApiDocs|getReading|readMetrics)$/;

const seen = new Set<string>();

async function step(request: string, asked: Asked = {}, by = api): Promise<Body> {
  const [method = "", path = ""] = request.split(" ");
  const { status, body } = await by<Body>(method, path, asked);
  expect(status, `${request}: ${JSON.stringify(body)}`).toBeLessThan(300);
  seen.add(String(operationOf(request)?.operation.operationId));
  return body;
}

async function walk(token: string | undefined, steps: readonly Step[]): Promise<void> {
  for (const [request, body] of steps) await step(request, { token, body });
}

it("sees every operation succeed as the document tells it", async () => {
  await asAnybody();
  await asPerson();
  await withEnvironment();
  await asAdministrator();
  const all = Object.values(theDocument().paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
  expect(all.filter((id) => !seen.has(String(id)) && !elsewhere.test(String(id)))).toEqual([]);
}, 120_000);

async function asAnybody(): Promise<void> {
  const username = `w${uniqueWord()}`;
  const registration = { username, email: `${username}@example.com`, password: "SecurePass123!" };
  await step("POST /api/v1/auth/register", { body: registration });
  const { refresh_token } = await step("POST /api/v1/auth/login", { body: { ...registration } });
  await step("POST /api/v1/auth/refresh", { body: { refresh_token } });
  const open = ["health", "health/live", "health/ready", "api/v1/health", "api/v1/health/live", "api/v1/health/ready"];
  const more = ["info", "openapi.json", "plans", "plans/free", "templates", "templates/", "templates/categories"];
  const last = ["templates/popular", "templates/search?q=a", "templates/python", "templates/schema.json"];
  const reads = [
    ...open,
    ...[...more, ...last].map((path) => `api/v1/${path}`),
    "openapi.json",
    ".well-known/jwks.json",
  ];
  await walk(
    undefined,
    reads.map((path) => [`GET /${path}`]),
  );
  await walk(undefined, [
    ["POST /api/v1/auth/forgot-password", { email: registration.email }],
    ["POST /api/v1/auth/resend-verification", { email: registration.email }],
  ]);
}

async function asPerson(): Promise<void> {
  const { accessToken: token, password } = await newPerson();
  const reads = ["auth/me", "auth/profile", "users/me", "users/me/stats", "users/me/limits", "auth/tokens"];
  await walk(
    token,
    [...reads, "templates/python/compatibility", "clusters", "clusters/", "environments", "environments/"].map(
      (path) => [`GET /api/v1/${path}`],
    ),
  );
  const scoped = { name: "walk", scopes: ["environments:read"] };
  const made = await step("POST /api/v1/auth/tokens", { token, body: scoped });
  const { sessions } = await step("GET /api/v1/auth/sessions", { token });
  expect(sessions).toHaveLength(1);
  const passwords = { current_password: password, new_password: password };
  await walk(token, [
    [`DELETE /api/v1/auth/tokens/${made["id"]}`],
    ["PUT /api/v1/users/me", { full_name: "Walker" }],
    ["POST /api/v1/auth/change-password", passwords],
    ["POST /api/v1/users/change-password", passwords],
    ["POST /api/v1/users/me/change-password", passwords],
    ["DELETE /api/v1/auth/sessions"],
    ["POST /api/v1/auth/logout"],
  ]);
  const [other, last, leaver] = [await newPerson(), await newPerson(), await newPerson()];
  await step("POST /api/v1/auth/logout-all", { token: other.accessToken });
  const ownSessions = await step("GET /api/v1/auth/sessions", { token: last.accessToken });
  const [own] = ownSessions["sessions"] as { id: string }[];
  await step(`DELETE /api/v1/auth/sessions/${own?.id}`, { token: last.accessToken });
  await step("DELETE /api/v1/users/me", { token: leaver.accessToken, body: { password } });
}

async function withEnvironment(): Promise<void> {
  const { person, template, cluster } = await newWorld();
  const { token } = person;
  await setPlan(person.id, `walk-${uniqueWord()}`, { idleSeconds: 900 });
  const bridge = new FakeBridge(cluster);
  const asked = { name: uniqueWord(), template, cluster_id: cluster.id };
  const { id } = await bridge.serve(step("POST /api/v1/environments", { token, body: asked }, patientApi));
  const at = `/api/v1/environments/${id}`;
  const reading = { cpu_usage: 1, memory_usage: 2, storage_usage: 3, network_in: 4, network_out: 5, uptime: 6 };
  const readings = { ...reading, timestamp: new Date().toISOString() };
  await bridge.telemetry([{ environment_id: id, readings, last_activity: null }]);
  await walk(token, [
    [`GET ${at}`],
    [`GET ${at}/metrics`],
    [`PUT ${at}`, { description: "seen" }],
    ["POST /api/v1/ws/tickets", { environment_id: id, kind: "terminal" }],
    [`POST ${at}/extend`],
    [`GET /api/v1/clusters/${cluster.id}`],
    [`GET /api/v1/clusters/${cluster.id}/health`],
  ]);
  for (const movement of ["restart", "stop", "start"])
    await bridge.serve(step(`POST ${at}/${movement}`, { token }, patientApi));
  await setPhase(String(id), "error", "running");
  await bridge.serve(step(`POST ${at}/recover`, { token }, patientApi));
  await withGuests(at, token);
  await step(`DELETE ${at}?force=true`, { token });
}

async function withGuests(at: string, token: string): Promise<void> {
  const guest = await newPerson();
  const me = await step("GET /api/v1/users/me", { token: guest.accessToken });
  const named = await step(`POST ${at}/shares`, { token, body: { kind: "user", username: guest.username } });
  const link = await step(`POST ${at}/shares`, { token, body: { kind: "link", role: "driver" } });
  await walk(guest.accessToken, [
    [`POST /api/v1/shares/${named["id"]}/accept`],
    ["POST /api/v1/shares/accept", { secret: link["secret"] }],
    ["GET /api/v1/shares"],
    [`GET ${at}`],
    [`DELETE /api/v1/shares/${named["id"]}`],
  ]);
  await walk(token, [
    [`GET ${at}/shares`],
    [`PATCH ${at}/shares/${link["id"]}`, { role: "viewer" }],
    [`DELETE ${at}/shares/${link["id"]}/guests/${me["id"]}`],
    [`DELETE ${at}/shares/${link["id"]}`],
  ]);
}

function newCluster(token: string): Promise<Body> {
  return step("POST /api/v1/clusters", { token, body: { name: `c${uniqueWord()}` } });
}

async function asAdministrator(): Promise<void> {
  const [admin, someone] = [await newPerson(), await newPerson()];
  await db.execute(sql`update users set role = 'admin' where id = ${admin.userId}`);
  const token = admin.accessToken;
  const plan = `walk-${uniqueWord()}`;
  await setPlan(someone.userId, plan);
  const word = `t${uniqueWord()}`;
  const limits = { environments: 3, cpu: "2", memory: "4Gi", storage: "20Gi", requests_per_minute: 300 };
  const resources = { cpu: "500m", memory: "1Gi", storage: "10Gi" };
  const named = { id: word, display_name: word, description: "A walk", category: "devops", docker_image: "node:22" };
  await walk(token, [
    ["GET /api/v1/users"],
    [`GET /api/v1/users/${someone.userId}`],
    [`PATCH /api/v1/users/${someone.userId}`, { subscription_plan: plan }],
    [`POST /api/v1/users/${someone.userId}/unlock`],
    [`PUT /api/v1/plans/${plan}`, limits],
    ["GET /api/v1/environments?scope=all"],
    ["GET /api/v1/audit"],
    ["GET /api/v1/audit/denials"],
    ["POST /api/v1/templates/validate", { template: "id: Python!\n" }],
    ["POST /api/v1/templates/initialize"],
    ["POST /api/v1/templates", { ...named, resources }],
    [`PUT /api/v1/templates/${word}`, { status: "beta" }],
    [`DELETE /api/v1/templates/${word}`],
    ["GET /api/v1/clusters/regions"],
  ]);
  const exported = "GET /api/v1/audit/export?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
  expect((await call(exported, { token })).status).toBe(200);
  seen.add("exportAudit");
  // The first cluster there is becomes the default one, which cannot be deleted.
  const [, { id } = {}] = [await newCluster(token), await newCluster(token)];
  const at = `/api/v1/clusters/${id}`;
  const issued = await step(`POST ${at}/tokens`, { token, body: { name: "walk" } });
  const rotated = await step(`POST ${at}/tokens/${issued["id"]}/rotate`, { token, body: {} });
  await walk(token, [
    [`GET ${at}/tokens`],
    [`PUT ${at}/users/${someone.userId}`],
    [`GET ${at}/users`],
    [`GET ${at}/users/${someone.userId}`],
    [`DELETE ${at}/users/${someone.userId}`],
    [`PUT ${at}`, { status: "maintenance" }],
    [`DELETE ${at}/tokens/${rotated["id"]}`],
    [`DELETE ${at}`],
  ]);
}
