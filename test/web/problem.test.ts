/** Problem bodies turned into field errors and words. */
import { describe, expect, it } from "vitest";
import { explain, isFinal, readProblem } from "../../workers/web/api/problem.ts";

const body = (more: object) => ({ status: 400, code: "validation_failed", detail: "Validation failed", ...more });

describe("readProblem", () => {
  it("keeps the first message of each field", () => {
    const errors = [
      { field: "password", message: "Too short", code: "too_small" },
      { field: "password", message: "Needs a digit", code: "invalid" },
      { field: "email", message: "Not an address", code: "invalid" },
    ];
    expect(readProblem(400, body({ errors }))).toMatchObject({
      kind: "problem",
      fields: { password: "Too short", email: "Not an address" },
    });
  });

  it("calls a body that is no problem unreadable, with its status", () => {
    for (const other of [undefined, null, "<html>", { status: "400" }]) {
      expect(readProblem(502, other)).toEqual({ kind: "unreadable", status: 502 });
    }
  });
});

describe("isFinal", () => {
  it("is true where asking again cannot help", () => {
    expect(isFinal({ kind: "signed_out" })).toBe(true);
    for (const status of [403, 404]) expect(isFinal(readProblem(status, body({})))).toBe(true);
  });

  it("is false for what passes", () => {
    expect(isFinal({ kind: "offline" })).toBe(false);
    for (const status of [429, 500, 503]) expect(isFinal(readProblem(status, body({})))).toBe(false);
    expect(isFinal(readProblem(404, "<html>"))).toBe(false);
  });
});

describe("explain", () => {
  it("points at the marked fields instead of repeating them", () => {
    const failure = readProblem(400, body({ errors: [{ field: "name", message: "Too long", code: "too_big" }] }));
    expect(explain(failure)).toBe("Please correct the marked fields.");
  });

  it("says what to do about a plan's limit", () => {
    const failure = readProblem(403, body({ code: "quota_exceeded", detail: "Your plan's limit is 1 environment" }));
    expect(explain(failure)).toBe(
      "Your plan's limit is 1 environment. Your account shows what your plan allows and how much of it is used.",
    );
  });

  it("says when to try again, in seconds or minutes", () => {
    expect(explain(readProblem(429, body({ detail: "Slow down.", retry_after: 12 })))).toBe(
      "Slow down. Try again in 12 s.",
    );
    expect(explain(readProblem(429, body({ detail: "Account locked", retry_after: 840 })))).toBe(
      "Account locked. Try again in 14 minutes.",
    );
  });

  it("has words for every other failure", () => {
    expect(explain({ kind: "offline" })).toContain("No connection");
    expect(explain({ kind: "signed_out" })).toContain("sign in");
    expect(explain({ kind: "unreadable", status: 502 })).toContain("502");
  });
});
