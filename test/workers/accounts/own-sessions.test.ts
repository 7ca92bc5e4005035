/** GET and DELETE /api/v1/auth/sessions: the devices somebody is signed in on. */
import { describe, expect, it, vi } from "vitest";
import { call, newPerson, type Person, tokensIn } from "../support/api.ts";
import { readAudit } from "../support/audit.ts";

interface Listed {
  id: string;
  current: boolean;
  address: string | null;
  user_agent: string | null;
  method: string;
}

async function listed(token: string): Promise<Listed[]> {
  const { status, body } = await call("GET /api/v1/auth/sessions", { token });
  expect(status).toBe(200);
  return body["sessions"] as Listed[];
}

async function signIn({ username, password }: Person, userAgent = "a phone") {
  const headers = { "user-agent": userAgent };
  return tokensIn(await call("POST /api/v1/auth/login", { json: { username, password }, headers }));
}

const isAlive = async (token: string) => (await call("GET /api/v1/auth/me", { token })).status === 200;

describe("GET /auth/sessions", () => {
  it("tells each device, and which one asks", async () => {
    const person = await newPerson();
    const phone = await signIn(person);
    const sessions = await listed(phone.accessToken);
    expect(sessions).toHaveLength(2);
    const [current] = sessions.filter((session) => session.current);
    expect(current).toMatchObject({ id: expect.stringMatching(/^ses_/), user_agent: "a phone", method: "password" });
    expect(current?.address).toMatch(/^10\./);
    expect(Object.keys(current ?? {}).sort()).toEqual(
      ["address", "created_at", "current", "id", "last_seen", "method", "user_agent"].sort(),
    );
  });

  it("hides sessions that ended", async () => {
    const person = await newPerson();
    const phone = await signIn(person);
    await call("POST /api/v1/auth/logout", { token: phone.accessToken });
    expect(await listed(person.accessToken)).toHaveLength(1);
  });
});

describe("DELETE /auth/sessions/{id}", () => {
  it("ends that session and no other, and is written down", async () => {
    const person = await newPerson();
    const phone = await signIn(person);
    const id = (await listed(phone.accessToken)).find((session) => session.current)?.id ?? "";
    const answer = await call(`DELETE /api/v1/auth/sessions/${id}`, { token: person.accessToken });
    expect(answer.status).toBe(200);
    expect(await isAlive(phone.accessToken)).toBe(false);
    expect((await call("POST /api/v1/auth/refresh", { json: { refresh_token: phone.refreshToken } })).status).toBe(401);
    expect(await isAlive(person.accessToken)).toBe(true);
    await vi.waitFor(
      async () =>
        expect(await readAudit(id)).toContainEqual(
          expect.objectContaining({ action: "session.end", actorId: person.userId, targetId: id }),
        ),
      10_000,
    );
  });

  it("answers somebody else's session as one that ended or never was", async () => {
    const [person, stranger] = [await newPerson(), await newPerson()];
    const foreign = (await listed(stranger.accessToken))[0]?.id ?? "";
    const answers = await Promise.all(
      [foreign, `ses_${"z".repeat(20)}`, "x"].map((id) =>
        call(`DELETE /api/v1/auth/sessions/${id}`, { token: person.accessToken }),
      ),
    );
    expect(answers.map(({ status, body }) => [status, body["code"], body["detail"]])).toEqual(
      Array(3).fill([404, "not_found", "Session not found"]),
    );
    expect(await isAlive(stranger.accessToken)).toBe(true);
  });
});

describe("DELETE /auth/sessions", () => {
  it("ends every other session of this person only", async () => {
    const [person, stranger] = [await newPerson(), await newPerson()];
    const devices = [await signIn(person), await signIn(person)];
    const answer = await call("DELETE /api/v1/auth/sessions", { token: person.accessToken });
    expect(answer.body).toEqual({ message: "Signed out of 2 other sessions" });
    for (const { accessToken } of devices) expect(await isAlive(accessToken)).toBe(false);
    expect(await isAlive(person.accessToken)).toBe(true);
    expect(await isAlive(stranger.accessToken)).toBe(true);
    expect(await listed(person.accessToken)).toHaveLength(1);
  });

  it("leaves personal tokens alone", async () => {
    const person = await newPerson();
    const json = { name: "script", scopes: ["account:read"] };
    const { body } = await call("POST /api/v1/auth/tokens", { token: person.accessToken, json });
    await call("DELETE /api/v1/auth/sessions", { token: person.accessToken });
    await call("POST /api/v1/auth/logout-all", { token: person.accessToken });
    expect(await isAlive(String(body["token"]))).toBe(true);
    expect(await isAlive(person.accessToken)).toBe(false);
  });
});
