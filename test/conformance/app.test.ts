/** The published app's own call sequences, decoded by its own rules, against the whole product. */
import { stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { type SharedProduct, sharedProduct } from "../e2e/support/shared.ts";
import { newAccount, newApp } from "./app.ts";
import * as decode from "./decode.ts";

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

/** A signed-in app of somebody new. */
async function signedUp() {
  const app = newApp(product.url);
  const account = newAccount();
  await app.read(decode.registered, "POST", "/auth/register", account);
  return { app, account };
}

describe("signing up and in", () => {
  it("registers, asks who it is and asks for the verification mail again", async () => {
    const { app, account } = await signedUp();
    const me = await app.read(decode.user, "GET", "/auth/me");
    expect(me).toMatchObject({ username: account.username, email: account.email, full_name: "App User" });
    await app.read(decode.message, "POST", "/auth/resend-verification", { email: account.email });
    const wrong = await app.send("POST", "/auth/verify-email", { token: "000000" });
    expect(wrong.status).toBe(400);
    expect(decode.problem.parse(wrong.body).detail).not.toBe("");
  });

  it.each(["usernameOrEmail", "username_or_email", "username", "email"])("signs in by %s", async (field) => {
    const { account } = await signedUp();
    const app = newApp(product.url);
    const name = field === "username" ? account.username : account.email;
    const { user } = await app.read(decode.signedIn, "POST", "/auth/login", {
      [field]: name,
      password: account.password,
    });
    expect(user.username).toBe(account.username);
  });

  it("tells a wrong password in the words the app looks for, and keeps its stored tokens apart from that", async () => {
    const { account } = await signedUp();
    const answer = await newApp(product.url).send("POST", "/auth/login", {
      usernameOrEmail: account.username,
      password: "WrongPass123!",
    });
    expect(answer.status).toBe(401);
    expect(decode.problem.parse(answer.body).detail).toContain("Incorrect username/email or password");
  });

  it("never answers 401 to a signed-in app for anything but its token", async () => {
    const { app } = await signedUp();
    const wrong = await app.send("POST", "/auth/change-password", {
      currentPassword: "WrongPass123!",
      newPassword: "OtherPass123!",
    });
    expect(wrong.status).toBe(400);
    expect(decode.problem.parse(wrong.body).detail).toContain("Current password is incorrect");
    expect((await app.send("GET", "/environments/nothing")).status).toBe(404);
  });

  it("changes the profile by the app's spelling and leaves what is null as it is", async () => {
    const { app, account } = await signedUp();
    const changed = await app.read(decode.user, "PUT", "/users/me", { fullName: "Another Name", username: null });
    expect(changed).toMatchObject({ full_name: "Another Name", username: account.username });
  });
});

describe("opening the app", () => {
  it("refreshes twice at once with the same token and gets two answers that go on", async () => {
    const { app } = await signedUp();
    const [one, other] = await app.start();
    expect(one?.refresh_token).toBe(other?.refresh_token);
    await app.read(decode.user, "GET", "/auth/me");
    await app.start();
    await app.read(decode.user, "GET", "/auth/me");
  });

  it("is signed out by a 401 after logging out, and only then", async () => {
    const { app } = await signedUp();
    await app.read(decode.message, "POST", "/auth/logout");
    const after = await app.send("GET", "/auth/me");
    expect(after.status).toBe(401);
    expect(after.headers.get("www-authenticate")).toBe("Bearer");
    const { refresh_token } = app.stored;
    expect((await app.send("POST", "/auth/refresh", { refresh_token })).status).toBe(401);
  });
});

describe("an environment from the app", () => {
  it("is created, started, read once, typed into without Origin or resize, and left", async () => {
    const { app } = await signedUp();
    expect(await app.read(decode.template.array(), "GET", "/templates/")).not.toHaveLength(0);
    expect(await app.read(decode.cluster.array(), "GET", "/clusters/")).not.toHaveLength(0);
    const created = await app.read(decode.environment, "POST", "/environments", {
      name: "My App",
      templateId: "python",
      clusterId: null,
      description: null,
      environmentVariables: { GREETING: "hello" },
      max_instances: 1,
    });
    expect(created.environment_variables).toMatchObject({ GREETING: "hello" });
    await app.read(decode.movement, "POST", `/environments/${created.id}/start`);
    const read = await app.read(decode.environment, "GET", `/environments/${created.id}`);
    expect(read.status).toBe("running");
    expect(await app.read(decode.environment.array(), "GET", "/environments/")).toHaveLength(1);

    await typeOneKeyAFrame(created.id, app.stored.access_token ?? "");
    await app.read(decode.metrics, "GET", `/environments/${created.id}/metrics`);
    await app.read(decode.logs, "GET", `/environments/${created.id}/logs?lines=50`);
    await app.read(decode.stats, "GET", "/users/me/stats");

    const refused = await app.send("DELETE", `/environments/${created.id}`);
    expect(refused.status).toBe(400);
    expect(decode.problem.parse(refused.body).detail).toContain("running");
    await app.read(decode.movement, "POST", `/environments/${created.id}/stop`);
    await app.read(decode.message, "DELETE", `/environments/${created.id}`);
    await app.read(decode.message, "POST", "/auth/logout");
  });

  it("tells the plan's limit in the words the app looks for", async () => {
    const { app } = await signedUp();
    await app.read(decode.environment, "POST", "/environments", { name: "first", template: "ubuntu" });
    const second = await app.send("POST", "/environments", { name: "second", template: "ubuntu" });
    expect(second.status).toBe(403);
    expect(decode.problem.parse(second.body)).toMatchObject({ code: "quota_exceeded" });
    expect(decode.problem.parse(second.body).detail).toContain("limit");
  });
});

/** As the app does it: the token in the query, no Origin, no size, every key a frame of its own. */
async function typeOneKeyAFrame(environmentId: string, token: string): Promise<void> {
  const address = `${product.url.replace("http", "ws")}/api/v1/ws/terminal/${environmentId}?token=${token}`;
  const socket = new WebSocket(address);
  const frames: { type: string; data?: string }[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data))));
  await vi.waitUntil(() => frames.some(({ type }) => type === "welcome"), 20_000);
  expect(frames[0]?.type).toBe("output");
  for (const key of "echo $((6*7))\r") socket.send(JSON.stringify({ type: "input", data: key }));
  const output = () => stripVTControlCharacters(frames.map(({ data = "" }) => data).join(""));
  await vi
    .waitUntil(() => /42/.test(output()), 20_000)
    .catch(() => {
      throw new Error(`no 42 in ${JSON.stringify(output())}`);
    });
  socket.send('{"type":"ping"}');
  await vi.waitUntil(() => frames.some(({ type }) => type === "pong"), 10_000);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.close();
  await closed;
}

it("closes a socket that shows a bad token with 1008 after accepting it", async () => {
  for (const path of [
    "terminal/env_00000000000000000000?token=nonsense",
    "logs/env_00000000000000000000",
    "elsewhere",
  ]) {
    const socket = new WebSocket(`${product.url.replace("http", "ws")}/api/v1/ws/${path}`);
    const code = await new Promise((resolve, reject) => {
      socket.once("close", resolve);
      socket.once("error", reject);
    });
    expect(code, path).toBe(1008);
  }
});
