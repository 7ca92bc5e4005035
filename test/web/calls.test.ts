/** What the page asks the server for about accounts and environments, and what it keeps of the answers. */
import { describe, expect, it } from "vitest";
import { type Calls, createCalls } from "../../workers/web/api/calls.ts";
import type { Call } from "../../workers/web/api/client.ts";
import type { Tokens } from "../../workers/web/api/tokens.ts";

const token = {
  id: "pat_1",
  name: "ci",
  scopes: ["terminal"],
  created_at: "2026-11-24T12:00:00Z",
  expires_at: null,
  last_used: null,
};

/** Calls against a server that gives `answer` to everything; `asked` is what reached it. */
function against(answer: unknown): { calls: Calls; asked: Call[]; kept: Tokens[] } {
  const asked: Call[] = [];
  const kept: Tokens[] = [];
  const request = async (call: Call) => {
    asked.push(call);
    return answer;
  };
  const fetchBytes = async (call: Call) => new Blob([JSON.stringify(await request(call))]);
  const store = { read: () => kept.at(-1) ?? null, write: (tokens: Tokens) => void kept.push(tokens), clear: () => {} };
  return { calls: createCalls({ request, fetchBytes }, store), asked, kept };
}

describe("calls of whoever is not signed in", () => {
  it.each<[string, (calls: Calls) => Promise<void>, string, object]>([
    ["forgotPassword", (calls) => calls.forgotPassword("a@b.c"), "/auth/forgot-password", { email: "a@b.c" }],
    [
      "resetPassword",
      (calls) => calls.resetPassword("t", "p"),
      "/auth/reset-password",
      { token: "t", new_password: "p" },
    ],
    ["verifyByLink", (calls) => calls.verifyByLink("t"), "/auth/verify-email", { token: "t" }],
    [
      "resendVerificationTo",
      (calls) => calls.resendVerificationTo("a@b.c"),
      "/auth/resend-verification",
      { email: "a@b.c" },
    ],
  ])("%s sends no token", async (_name, act, path, body) => {
    const { calls, asked } = against({ message: "ok" });
    await act(calls);
    expect(asked).toEqual([{ method: "POST", path, body, isPublic: true }]);
  });

  it("exchange keeps the tokens that Google's code is worth", async () => {
    const { calls, asked, kept } = against({ access_token: "a", refresh_token: "r" });
    await calls.exchange("code");
    expect(asked).toEqual([{ method: "POST", path: "/auth/google/exchange", body: { code: "code" }, isPublic: true }]);
    expect(kept).toEqual([{ access: "a", refresh: "r" }]);
  });
});

describe("calls of whoever is signed in", () => {
  it.each<[string, (calls: Calls) => Promise<void>, Call]>([
    ["verifyByCode", (calls) => calls.verifyByCode("123456"), post("/auth/verify-email", { token: "123456" })],
    ["resendVerification", (calls) => calls.resendVerification(), post("/auth/resend-verification", {})],
    ["signOutEverywhere", (calls) => calls.signOutEverywhere(), post("/auth/logout-all", {})],
    [
      "changePassword",
      (calls) => calls.changePassword("old", "new"),
      post("/auth/change-password", { current_password: "old", new_password: "new" }),
    ],
    ["leave", (calls) => calls.leave(null), { method: "DELETE", path: "/users/me", body: {} }],
    ["leave", (calls) => calls.leave("p"), { method: "DELETE", path: "/users/me", body: { password: "p" } }],
    ["endSession", (calls) => calls.endSession("ses_1"), { method: "DELETE", path: "/auth/sessions/ses_1" }],
    ["endOtherSessions", (calls) => calls.endOtherSessions(), { method: "DELETE", path: "/auth/sessions" }],
    ["revokeToken", (calls) => calls.revokeToken("pat_1"), { method: "DELETE", path: "/auth/tokens/pat_1" }],
    ["openWindow", (calls) => calls.openWindow("env_1"), post("/environments/env_1/windows", { is_active: true })],
    [
      "changeWindow",
      (calls) => calls.changeWindow("env_1", "w2", { name: "n" }),
      { method: "PATCH", path: "/environments/env_1/windows/w2", body: { name: "n" } },
    ],
    [
      "closeWindow",
      (calls) => calls.closeWindow("env_1", "w2"),
      { method: "DELETE", path: "/environments/env_1/windows/w2" },
    ],
  ])("%s is one call", async (_name, act, expected) => {
    const { calls, asked } = against({ message: "ok" });
    await act(calls);
    expect(asked).toEqual([expected]);
  });

  it("makeToken answers the token itself", async () => {
    const { calls, asked } = against({ ...token, token: "dp_pat_x" });
    const wanted = { name: "ci", scopes: ["terminal"] };
    expect(await calls.makeToken({ ...wanted, expiresInDays: 30 })).toBe("dp_pat_x");
    expect(asked).toEqual([post("/auth/tokens", { ...wanted, expires_in_days: 30 })]);
  });

  it("extend answers whether it helped, in words", async () => {
    const { calls, asked } = against({ message: "It goes on running", auto_stop_at: null });
    expect(await calls.extend("env_1")).toBe("It goes on running");
    expect(asked).toEqual([post("/environments/env_1/extend", {})]);
  });

  it("ticket answers what opens one socket", async () => {
    const { calls, asked } = against({ ticket: "dp_ticket_x", expires_in: 60 });
    expect(await calls.ticket("env_1", "logs")).toBe("dp_ticket_x");
    expect(asked).toEqual([post("/ws/tickets", { environment_id: "env_1", kind: "logs" })]);
  });

  it("reads lists, and refuses one that is none", async () => {
    expect(await against({ tokens: [token] }).calls.personalTokens()).toEqual([token]);
    await expect(against({ sessions: [{}] }).calls.sessions()).rejects.toThrow("unreadable");
  });
});

function post(path: string, body: object): Call {
  return { method: "POST", path, body };
}
