/**
 * Check 18, as far as something is taken in: bodies over the size, told or not, with very many values or very deep ones,
 * many at once: refused early, and the server goes on.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { call, newPerson } from "../support/api.ts";
import { filled, routes } from "./routes.ts";

const taking = routes.filter((route) => /^(POST|PUT|PATCH) \/api\/v1\//.test(route) && !/\/(bridge|ws)\//.test(route));
const tenMegabytes = 10 * 1024 * 1024;

let token: string;

beforeAll(async () => {
  token = (await newPerson()).accessToken;
});

describe.each(taking.filter((route) => !/logout/.test(route)))("%s", (route) => {
  it("refuses a body that holds too many values or nests too deep, with a small answer", async () => {
    const wide = JSON.stringify({ many: Array.from({ length: 20_000 }, () => 0) });
    const deep = `{"deep":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    for (const body of [wide, deep]) {
      const answer = await call(filled(route), { token, raw: { body, type: "application/json" } });
      expect([400, 403, 404], answer.text).toContain(answer.status);
      expect(answer.text.length).toBeLessThan(20_000);
    }
  });
});

it("refuses a body over 10 MB, whether it tells its length or not, and many of them at once", async () => {
  const body = JSON.stringify({ name: "x".repeat(tenMegabytes) });
  const raw = { body, type: "application/json" };
  const answers = await Promise.all(Array.from({ length: 4 }, () => call("POST /api/v1/environments", { token, raw })));
  expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413]);
  expect((await call("GET /api/v1/auth/me", { token })).status).toBe(200);
});
