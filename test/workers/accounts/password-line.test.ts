/** What many passwords at once cost: bounded memory, room for other requests, and an honest 503 beyond that. */
import { describe, expect, it } from "vitest";
import { inPasswordLine } from "../../../workers/domain/accounts/password-line.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { call, newAddress, newPerson, type Person } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";

describe("passwords in line", () => {
  it("are at most 64: one more is refused as busy, and the next one after them is taken", async () => {
    const deps = newDeps();
    const work = () => inPasswordLine(deps, async () => "done");
    const answers = await Promise.all(Array.from({ length: 65 }, () => work().catch(failureIn)));
    expect(answers.filter((answer) => answer === "done")).toHaveLength(64);
    expect(answers.at(-1)).toEqual({ kind: "busy", retryAfterSeconds: 5 });
    expect(await work()).toBe("done");
  });

  it("refused as busy are a 503 that says when to come back", async () => {
    const deps = newDeps();
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const others = Array.from({ length: 64 }, () => inPasswordLine(deps, () => held));
    const { username, password } = await newPerson();
    const answer = await call("POST /api/v1/auth/login", { json: { username, password } });
    release();
    await Promise.all(others);
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: "busy", retry_after: 5 });
    expect(answer.headers.get("retry-after")).toBe("5");
  });

  it("leave room for other requests between two of them", async () => {
    const person = await newPerson();
    const json = { username: person.username, password: person.password };
    let answered = 0;
    let waiting = 6;
    const logins = Array.from({ length: waiting }, async () => {
      const { status } = await call("POST /api/v1/auth/login", { json });
      waiting -= 1;
      expect(status).toBe(200);
      return answered;
    });
    // A read that asks Redis: one that waits for nothing would keep the event loop from its sockets.
    for (; waiting > 0; answered += 1) await call("GET /api/v1/info");
    const readsBefore = await Promise.all(logins);
    expect(Math.max(...readsBefore)).toBeGreaterThan(Math.min(...readsBefore));
  });
});

describe("40 right passwords within a minute", () => {
  it("of one address all pass, though they come at once", async () => {
    const address = newAddress();
    const people = await Promise.all(Array.from({ length: 4 }, () => newPerson()));
    const signIn = async ({ username, password }: Person) =>
      (await call("POST /api/v1/auth/login", { json: { username, password }, address })).status;
    const statuses = await Promise.all(
      Array.from({ length: 10 }, () => people)
        .flat()
        .map(signIn),
    );
    expect(statuses).toEqual(Array(40).fill(200));
  }, 60_000);
});
