/** PUT /api/v1/users/me and the three paths that change a password. */
import { describe, expect, it } from "vitest";
import { call, newAddress, newPerson, randomText, tokensIn } from "../support/api.ts";
import { withinOneMinute } from "../support/one-minute.ts";

describe("changing one's profile", () => {
  it("changes what is named and leaves the rest", async () => {
    const { accessToken: token, username } = await newPerson();
    const first = await call("PUT /api/v1/users/me", { token, json: { full_name: "Ada L.", avatar_url: null } });
    expect(first.body).toMatchObject({ full_name: "Ada L.", username, avatar_url: null });
    const avatar_url = "https://example.com/ada.png";
    const second = await call("PUT /api/v1/users/me", { token, json: { avatar_url } });
    expect(second.body).toMatchObject({ full_name: "Ada L.", username, avatar_url });
  });

  it("takes a free user name and refuses a taken one", async () => {
    const { accessToken: token } = await newPerson();
    const other = await newPerson();
    const username = `n${randomText(12)}`;
    expect((await call("PUT /api/v1/users/me", { token, json: { username } })).body["username"]).toBe(username);
    const taken = await call("PUT /api/v1/users/me", { token, json: { username: other.username.toUpperCase() } });
    expect(taken.status).toBe(409);
    expect(taken.body["code"]).toBe("already_exists");
  });

  it("ignores a role, a plan and an address of one's own choice", async () => {
    const { accessToken: token, email } = await newPerson();
    const json = { role: "admin", subscription_plan: "pro", email: "x@example.com", is_verified: false };
    const { body } = await call("PUT /api/v1/users/me", { token, json });
    expect(body).toMatchObject({ role: "user", subscription_plan: "free", email, is_verified: true });
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "not a url"])("refuses %s as a picture", async (avatar_url) => {
    const { accessToken: token } = await newPerson();
    expect((await call("PUT /api/v1/users/me", { token, json: { avatar_url } })).status).toBe(400);
  });
});

describe("changing the password", () => {
  it.each(["/auth/change-password", "/users/change-password", "/users/me/change-password"])(
    "works under %s, ends the other sessions and keeps this one",
    async (path) => {
      const { accessToken: token, username, password } = await newPerson();
      const other = tokensIn(await call("POST /api/v1/auth/login", { json: { username, password } }));
      const json = { currentPassword: password, newPassword: "Another1Pass" };
      expect((await call(`POST /api/v1${path}`, { token, json })).status).toBe(200);
      expect((await call("GET /api/v1/auth/me", { token })).status).toBe(200);
      expect((await call("GET /api/v1/auth/me", { token: other.accessToken })).status).toBe(401);
      const login = (word: string) => call("POST /api/v1/auth/login", { json: { username, password: word } });
      expect((await login(password)).status).toBe(401);
      expect((await login("Another1Pass")).status).toBe(200);
    },
  );

  it("answers a wrong current password with 400, never 401", async () => {
    const { accessToken: token } = await newPerson();
    const json = { current_password: "wrong", new_password: "Another1Pass" };
    const { status, body } = await call("POST /api/v1/auth/change-password", { token, json });
    expect(status).toBe(400);
    expect(body["detail"]).toBe("Current password is incorrect");
  });

  it("stops guessing the current password with a stolen token", () =>
    withinOneMinute(async () => {
      const { accessToken: token, password } = await newPerson();
      const attempt = (current_password: string) =>
        call("POST /api/v1/auth/change-password", {
          token,
          json: { current_password, new_password: "Another1Pass" },
          address: newAddress(),
        });
      for (let tries = 0; tries < 5; tries += 1) expect((await attempt("wrong")).status).toBe(400);
      expect((await attempt(password)).status).toBe(429);
    }));

  it("holds the new password to the rules", async () => {
    const { accessToken: token, password } = await newPerson();
    const json = { current_password: password, new_password: "short" };
    const { status, body } = await call("POST /api/v1/auth/change-password", { token, json });
    expect(status).toBe(400);
    expect(body["errors"]).toContainEqual(expect.objectContaining({ field: "new_password" }));
  });
});
