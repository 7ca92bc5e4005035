/** DELETE /api/v1/users/me. */
import { describe, expect, it } from "vitest";
import { leave } from "../../../workers/domain/accounts/leave.ts";
import { authenticateToken } from "../../../workers/domain/accounts/sessions.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { newWorld } from "../environments/world.ts";
import { call, newAddress, newPerson } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";

const address = newAddress();

describe("leaving", () => {
  it("needs nothing but the token within 15 minutes of signing in", async () => {
    const person = await newPerson();
    const { status, body } = await call("DELETE /api/v1/users/me", { token: person.accessToken });
    expect([status, body]).toEqual([200, { message: "Account deleted successfully" }]);
  });

  it("ends every session and lets nobody sign in again", async () => {
    const { accessToken: token, refreshToken, username, password } = await newPerson();
    await call("DELETE /api/v1/users/me", { token, json: { password } });
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(401);
    const refreshed = await call("POST /api/v1/auth/refresh", { json: { refresh_token: refreshToken } });
    expect(refreshed.status).toBe(401);
    expect((await call("POST /api/v1/auth/login", { json: { username, password } })).status).toBe(401);
  });

  it("sets the names free", async () => {
    const { accessToken: token, username, email, password } = await newPerson();
    await call("DELETE /api/v1/users/me", { token });
    const again = await call("POST /api/v1/auth/register", { json: { username, email, password } });
    expect(again.status).toBe(201);
  });

  it("deletes the environments, running ones too", async () => {
    const { person, create } = await newWorld(3);
    const ids = [(await create()).body.id, (await create()).body.id];
    expect((await call("DELETE /api/v1/users/me", { token: person.token })).status).toBe(200);
    const { db } = newDeps();
    for (const id of ids) {
      const row = await db.query.environments.findFirst({ where: (table, { eq }) => eq(table.id, id) });
      expect(row).toMatchObject({ desired: "deleted", deletedAt: expect.any(Date) });
    }
  });

  it("wants a password from an older session, and the right one", async () => {
    const { accessToken, password } = await newPerson();
    const clock = newClock();
    clock.advanceSeconds(15 * 60 + 60);
    const deps = newDeps({ now: clock.now });
    const principal = await authenticateToken(deps, accessToken);
    const attempt = (word: string | undefined) =>
      leave(deps, principal, { password: word, address }).then(
        () => "gone",
        (error) => failureIn(error)?.kind,
      );
    expect(await attempt(undefined)).toBe("reauthentication_required");
    expect(await attempt("wrong")).toBe("wrong_current_password");
    expect(await attempt(password)).toBe("gone");
    await deps.settled();
  });
});
