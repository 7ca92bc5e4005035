/** POST /api/v1/auth/register. */
import { describe, expect, it } from "vitest";
import { call, newPerson, randomText } from "../support/api.ts";

function registration(changes: Record<string, unknown> = {}) {
  const username = `u${randomText(12)}`;
  return { username, email: `${username}@example.com`, password: "SecurePass123!", full_name: "Ada", ...changes };
}

const register = (json: unknown) => call("POST /api/v1/auth/register", { json });

describe("register", () => {
  it("answers the user flat and nested, with the four token fields", async () => {
    const asked = registration();
    const { status, body } = await register(asked);
    expect(status).toBe(201);
    const user = {
      id: expect.stringMatching(/^usr_[a-z0-9]{20}$/),
      username: asked.username,
      email: asked.email,
      full_name: "Ada",
      is_active: true,
      is_verified: true,
      avatar_url: null,
      role: "user",
      subscription_plan: "free",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      last_login: expect.any(String),
    };
    expect(body).toEqual({
      ...user,
      user,
      message: expect.any(String),
      access_token: expect.stringMatching(/^ey/),
      refresh_token: expect.stringMatching(/^ey/),
      token_type: "bearer",
      expires_in: 86_400,
    });
  });

  it("takes the camelCase spelling, nulls and unknown keys of older clients", async () => {
    const asked = registration({ full_name: undefined, fullName: "Grace", avatar_url: null, max_instances: null });
    const { status, body } = await register(asked);
    expect(status).toBe(201);
    expect(body["full_name"]).toBe("Grace");
  });

  it("ignores what nobody may choose for themselves", async () => {
    const { body } = await register(registration({ role: "admin", subscription_plan: "pro", id: "usr_1" }));
    expect(body).toMatchObject({ role: "user", subscription_plan: "free", id: expect.stringMatching(/^usr_.{20}$/) });
  });

  it("refuses a taken name or address in any case, with one and the same body", async () => {
    const known = await newPerson();
    const byName = await register(registration({ username: known.username.toUpperCase() }));
    const byEmail = await register(registration({ email: known.email.toUpperCase() }));
    expect(byName.status).toBe(409);
    expect(byEmail.status).toBe(409);
    expect(byName.body["code"]).toBe("already_exists");
    expect(byName.body["detail"]).toBe(byEmail.body["detail"]);
  });

  it("lets one of two racing registrations of a name win", async () => {
    const asked = registration();
    const answers = await Promise.all([register(asked), register(asked)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
  });

  it("names every field that is wrong", async () => {
    const { status, body } = await register({ username: "a b", email: "nope", password: "short" });
    expect(status).toBe(400);
    const fields = (body["errors"] as { field: string }[]).map((error) => error.field);
    expect(new Set(fields)).toEqual(new Set(["username", "email", "password"]));
  });

  it.each([
    ["without an upper-case letter", "lowercase1"],
    ["without a lower-case letter", "UPPERCASE1"],
    ["without a digit", "NoDigitsHere"],
    ["of seven characters", "Abcdef1"],
    ["of 129 characters", `Aa1${"x".repeat(126)}`],
    ["that everybody uses", "Password123!"],
  ])("refuses a password %s", async (_, password) => {
    const { status, body } = await register(registration({ password }));
    expect(status).toBe(400);
    expect(body["errors"]).toContainEqual(expect.objectContaining({ field: "password" }));
  });
});
