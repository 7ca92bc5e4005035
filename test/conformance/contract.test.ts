/** Every endpoint and alias of the contract, with and without a slash at the end, decoded by the app's rules. */
import { beforeAll, describe, expect, it } from "vitest";
import { type SharedProduct, sharedProduct } from "../e2e/support/shared.ts";
import { type App, newAccount, newApp } from "./app.ts";
import * as decode from "./decode.ts";

let product: SharedProduct;
let app: App;
let admin: App;
let account: ReturnType<typeof newAccount>;
let environmentId: string;

beforeAll(async () => {
  product = await sharedProduct();
  app = newApp(product.url);
  account = newAccount();
  await app.read(decode.registered, "POST", "/auth/register", account);
  const body = { name: "contract", template: "ubuntu" };
  environmentId = (await app.read(decode.environment, "POST", "/environments/", body)).id;
  admin = newApp(product.url);
  const login = { username_or_email: "admin@devpocket.app", password: "AdminPassword123!" };
  await admin.read(decode.signedIn, "POST", "/auth/login", login);
});

/** GETs whose answer does not depend on the slash. */
const reads = {
  "/auth/me": decode.user,
  "/auth/profile": decode.user,
  "/users/me": decode.user,
  "/users/me/stats": decode.stats,
  "/templates/python": decode.template,
  "/templates/python-3.11": decode.template,
  "/templates/Node": decode.template,
  "/templates/popular": decode.templates,
  "/templates/search?q=python": decode.templates,
  "/clusters/default": decode.cluster,
  "/clusters/default/health": decode.clusterHealth,
  "/health": decode.health,
  "/health/ready": decode.ready,
  "/info": decode.info,
};

describe.each(Object.entries(reads))("GET %s", (path, schema) => {
  it("answers the same with and without a slash at the end, never by a redirect", async () => {
    const [plain = "", query] = path.split("?");
    const withSlash = `${plain}/${query === undefined ? "" : `?${query}`}`;
    for (const each of [path, withSlash]) await app.read(schema as typeof decode.message, "GET", each);
  });
});

describe.each([
  ["/environments", decode.environments, decode.environment.array()],
  ["/templates", decode.templates, decode.template.array()],
  ["/clusters", decode.clusters, decode.cluster.array()],
] as const)("the collection %s", (path, inAnObject, bare) => {
  it("is an object without a slash and a bare array with one", async () => {
    const [list] = [await app.read(inAnObject, "GET", path)];
    expect(list.pagination.total).toBeGreaterThan(0);
    expect(await app.read(bare, "GET", `${path}/`)).toHaveLength(list.pagination.total);
  });

  it("keeps its shape beside parameters", async () => {
    await app.read(inAnObject, "GET", `${path}?limit=1&offset=0`);
    expect((await app.read(bare, "GET", `${path}/?limit=1`)).length).toBeLessThanOrEqual(1);
  });
});

describe("accounts", () => {
  it("takes a form to sign in", async () => {
    const response = await fetch(`${product.url}/api/v1/auth/login`, {
      method: "POST",
      body: new URLSearchParams({ username: account.username, password: account.password }),
    });
    expect(response.status).toBe(200);
    decode.signedIn.parse(await response.json());
  });

  it.each(["/auth/change-password", "/users/change-password", "/users/me/change-password"])(
    "changes the password at %s",
    async (path) => {
      const next = `${account.password}x`;
      await app.read(decode.message, "POST", path, { current_password: account.password, new_password: next });
      account.password = next;
    },
  );

  it.each(["/auth/forgot-password", "/auth/resend-verification"])(
    "answers %s the same for an address that is somebody's and one that is nobody's",
    async (path) => {
      const stranger = newApp(product.url);
      const known = await stranger.send("POST", path, { email: account.email });
      const unknown = await stranger.send("POST", path, { email: "nobody@example.com" });
      expect(known.status).toBe(200);
      expect(known.body).toEqual(unknown.body);
      decode.message.parse(known.body);
    },
  );

  it("takes an empty body with a JSON content type as an empty object", async () => {
    const other = newApp(product.url);
    await other.read(decode.registered, "POST", "/auth/register", newAccount());
    const response = await fetch(`${product.url}/api/v1/auth/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${other.stored.access_token}`, "content-type": "application/json" },
    });
    expect(await response.json()).toMatchObject({ message: "Successfully logged out" });
  });
});

describe("environments", () => {
  it.each(["running", "creating", "stopped", "installing", "configuring", "provisioning"])(
    "filters by %s, of either vocabulary",
    async (status) => {
      await app.read(decode.environments, "GET", `/environments?status=${status}`);
    },
  );

  it("moves through stop, start, restart and recover, and says so", async () => {
    for (const movement of ["stop", "stop", "start", "start", "restart", "recover"]) {
      await app.read(decode.movement, "POST", `/environments/${environmentId}/${movement}`, {});
    }
  });

  it("is changed by PUT, a null value removing a variable", async () => {
    const path = `/environments/${environmentId}`;
    await app.read(decode.environment, "PUT", path, { environmentVariables: { A: "1", B: "2" } });
    const read = await app.read(decode.environment, "PUT", path, { environment_variables: { A: null } });
    expect(read.environment_variables).toMatchObject({ B: "2" });
    expect(read.environment_variables).not.toHaveProperty("A");
  });
});

describe("administration", () => {
  it("initializes the templates as often as asked", async () => {
    const first = await admin.send("POST", "/templates/initialize");
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({
      message: expect.any(String),
      created: expect.anything(),
      skipped: expect.anything(),
    });
  });

  it("lists people, and one of them", async () => {
    const list = await admin.send("GET", "/users?limit=5");
    expect(list.status).toBe(200);
    const { users } = list.body as { users: { id: string }[] };
    await admin.read(decode.user, "GET", `/users/${users[0]?.id}`);
  });

  it("lists everybody's environments without their variables", async () => {
    const list = await admin.send("GET", "/environments?scope=all");
    expect(list.status).toBe(200);
    const { environments } = list.body as { environments: { environment_variables: object }[] };
    expect(environments.length).toBeGreaterThan(0);
    for (const { environment_variables } of environments) expect(environment_variables).toEqual({});
  });

  it.each(["/users", "/environments?scope=all", "/audit"])("is not for others: %s", async (path) => {
    const refused = await app.send("GET", path);
    expect(refused.status).toBe(403);
    expect(decode.problem.parse(refused.body).code).toBe("admin_required");
  });
});

describe("the system", () => {
  it.each(["/health", "/health/ready", "/health/live"])("answers %s at the root too", async (path) => {
    expect((await fetch(product.url + path)).status).toBe(200);
  });

  it.each(["/docs", "/redoc", "/api/v1/docs", "/openapi.json"])("serves %s", async (path) => {
    expect((await fetch(product.url + path)).status).toBe(200);
  });
});
