/** Check 14: a ticket opens one socket, once, soon, for whom and what it was given out; and none is ever logged. */
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { authenticateToken } from "../../../workers/domain/accounts/sessions.ts";
import { issueTicket, redeemTicket } from "../../../workers/domain/tickets.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { hashOf } from "../../../workers/rules/tokens.ts";
import { api, db, type Person } from "../environments/world.ts";
import { newDeps } from "../support/deps.ts";
import { closeOf, dial, logsPath, offering, open, refusal, running, terminalPath } from "../support/sockets.ts";

const version = "devpocket.v1";

async function newTicket(token: string, environmentId: string, kind = "terminal"): Promise<string> {
  const body = { environment_id: environmentId, kind };
  const answer = await api<{ ticket: string; expires_in: number }>("POST", "/api/v1/ws/tickets", { token, body });
  expect(answer.status).toBe(201);
  expect(answer.body).toEqual({ ticket: expect.stringMatching(/^dp_ticket_[A-Za-z0-9_-]{43}$/), expires_in: 60 });
  return answer.body.ticket;
}

async function newPersonalToken({ token }: Person, scopes: string[]) {
  const body = { name: "script", scopes };
  return (await api<{ id: string; token: string }>("POST", "/api/v1/auth/tokens", { token, body })).body;
}

describe("a ticket", () => {
  it("opens its socket, and the version is chosen, not the ticket", async () => {
    const { person, id } = await running();
    const answer = await dial(terminalPath(id), offering(version, await newTicket(person.token, id)));
    expect(answer.headers.get("sec-websocket-protocol")).toBe(version);
    expect(await refusal(await dial(terminalPath(id), offering(version)))).toBe("unauthenticated");
    await open(logsPath(id), offering(version, await newTicket(person.token, id, "logs")));
  });

  it("opens one socket, also when two ask at once", async () => {
    const { person, id } = await running();
    const ticket = await newTicket(person.token, id);
    const answers = await Promise.all([1, 2, 3].map(() => dial(terminalPath(id), offering(version, ticket))));
    const deps = newDeps();
    const left = await redeemTicket(deps, ticket, { environmentId: id, kind: "terminal" }).catch(failureIn);
    expect(left).toEqual({ kind: "unauthenticated", reason: "invalid" });
    await vi.waitFor(async () => expect(await deps.objects.user(person.id).openSockets()).toHaveLength(1), 10_000);
    const closes = answers.map((answer) => answer.webSocket);
    expect(closes.every((socket) => socket !== null)).toBe(true);
  });

  it("is refused the second time, for another environment and for another kind, and is used up by that", async () => {
    const [{ person, id, create }, stranger] = [await running(), await running()];
    const { body: other } = await create();
    const used = await newTicket(person.token, id);
    await open(terminalPath(id), offering(version, used));
    expect(await refusal(await dial(terminalPath(id), offering(version, used)))).toBe("unauthenticated");
    for (const path of [terminalPath(other.id), logsPath(id), terminalPath(stranger.id), terminalPath("nothing")]) {
      const ticket = await newTicket(person.token, id);
      expect(await refusal(await dial(path, offering(version, ticket)))).toBe("unauthenticated");
      expect(await refusal(await dial(terminalPath(id), offering(version, ticket)))).toBe("unauthenticated");
    }
  });

  it("is gone from Redis after 60 seconds, and is there under its hash only", async () => {
    const { person, id } = await running();
    const deps = newDeps();
    const ticket = await newTicket(person.token, id);
    const key = `once:ticket:${hashOf(ticket)}`;
    const seconds = await deps.redis.ttl(key);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(JSON.stringify(await deps.redis.get(key))).not.toContain(ticket);
    expect(await deps.redis.keys(`*${ticket}*`)).toEqual([]);
    await deps.redis.del(key);
    expect(await refusal(await dial(terminalPath(id), offering(version, ticket)))).toBe("unauthenticated");
  });

  it("is not given out for an environment of somebody else, nor for one that never was", async () => {
    const [{ person }, stranger] = [await running(), await running()];
    for (const environment_id of [stranger.id, `env_${"z".repeat(20)}`, "x"]) {
      const body = { environment_id, kind: "terminal" };
      expect((await api("POST", "/api/v1/ws/tickets", { token: person.token, body })).status).toBe(404);
    }
    const body = { environment_id: stranger.id, kind: "desktop" };
    expect((await api("POST", "/api/v1/ws/tickets", { token: person.token, body })).status).toBe(400);
  });

  it("dies with its session, with its personal token and with its person", async () => {
    const { person, id } = await running();
    const bySession = await newTicket(person.token, id);
    const personal = await newPersonalToken(person, ["terminal"]);
    const byToken = await newTicket(personal.token, id);
    await api("DELETE", `/api/v1/auth/tokens/${personal.id}`, { token: person.token });
    expect(await refusal(await dial(terminalPath(id), offering(version, byToken)))).toBe("unauthenticated");
    const disabled = await newTicket(person.token, id);
    await db.execute(sql`update users set is_active = false where id = ${person.id}`);
    expect(await refusal(await dial(terminalPath(id), offering(version, disabled)))).toBe("unauthenticated");
    await db.execute(sql`update users set is_active = true where id = ${person.id}`);
    await api("POST", "/api/v1/auth/logout", { token: person.token });
    expect(await refusal(await dial(terminalPath(id), offering(version, bySession)))).toBe("unauthenticated");
  });

  it("of a personal token wants the scope terminal, and its socket ends with the token", async () => {
    const { person, id } = await running();
    const reader = await newPersonalToken(person, ["environments:read"]);
    const body = { environment_id: id, kind: "terminal" };
    expect((await api("POST", "/api/v1/ws/tickets", { token: reader.token, body })).status).toBe(403);
    const terminal = await newPersonalToken(person, ["terminal"]);
    const viewer = await open(terminalPath(id), offering(version, await newTicket(terminal.token, id)));
    await api("DELETE", `/api/v1/auth/tokens/${terminal.id}`, { token: person.token });
    expect(await closeOf(viewer)).toBe("sessionEnded");
  });

  it("comes after the header and before the query, and never as the first value", async () => {
    const [{ person, id }, stranger] = [await running(), await running()];
    const ticket = () => newTicket(person.token, id);
    const foreign = { authorization: `Bearer ${stranger.person.token}`, ...offering(version, await ticket()) };
    expect(await refusal(await dial(terminalPath(id), foreign))).toBe("environmentNotFound");
    await open(`${terminalPath(id)}?token=junk`, offering(version, await ticket()));
    const alone = await dial(terminalPath(id), offering(await ticket()));
    expect(alone.headers.get("sec-websocket-protocol")).toBeNull();
    expect(await refusal(alone)).toBe("unauthenticated");
  });

  it("made up, or of another form, is refused", async () => {
    const { id } = await running();
    for (const text of [`dp_ticket_${"a".repeat(43)}`, `dp_ticket_${"a".repeat(42)}`, `dp_pat_${"a".repeat(43)}`, "x"])
      expect(await refusal(await dial(terminalPath(id), offering(version, text)))).toBe("unauthenticated");
  });

  it("cannot be had or used while Redis is away: the client may come back", async () => {
    const { person, id } = await running();
    const principal = await authenticateToken(newDeps(), person.token);
    const { redis } = newDeps({});
    const away = new Proxy(redis, { get: () => () => Promise.reject(new TypeError("fetch failed")) });
    const target = { environmentId: id, kind: "terminal" } as const;
    const deps = newDeps({ redis: away });
    const unavailable = { kind: "unavailable", dependency: "redis", retryAfterSeconds: 5 };
    expect(await issueTicket(deps, principal, target).catch(failureIn)).toEqual(unavailable);
    expect(await redeemTicket(deps, `dp_ticket_${"a".repeat(43)}`, target).catch(failureIn)).toEqual(unavailable);
  });
});

describe("a log", () => {
  afterEach(() => vi.restoreAllMocks());

  it("holds no token and no ticket, however it came", async () => {
    const lines: string[] = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const)
      vi.spyOn(console, method).mockImplementation((...parts) => lines.push(parts.map(String).join(" ")));
    const { person, id } = await running();
    const personal = await newPersonalToken(person, ["terminal", "account:read"]);
    const tickets = [await newTicket(person.token, id), await newTicket(personal.token, id)];
    await open(terminalPath(id), offering(version, tickets[0] ?? ""));
    await refusal(await dial(terminalPath(id), offering(version, tickets[0] ?? "")));
    await refusal(await dial(logsPath(id), offering(version, tickets[1] ?? "")));
    await open(`${terminalPath(id)}?token=${person.token}`);
    await open(`${terminalPath(id)}?token=${personal.token}`);
    await refusal(await dial(`${terminalPath(id)}?token=dp_pat_guess`));
    await refusal(await dial(`/api/v1/ws/terminal/${tickets[1]}/${person.token}`));
    await api("GET", "/api/v1/auth/me", { token: personal.token });
    await api("GET", `/api/v1/environments/${person.token}?token=${personal.token}`, { token: "dp_pat_guess" });
    const text = lines.join("\n");
    expect(text).toContain("socket refused");
    expect(text).toContain(id);
    for (const secret of [person.token, personal.token, ...tickets, "dp_pat_", "dp_ticket_", "eyJ"])
      expect(text).not.toContain(secret);
  });
});
