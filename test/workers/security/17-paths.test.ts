/**
 * Check 17, as far as there are paths: what stands for an id on any route may be `../`, absolute, NUL, CR/LF or encoded
 * twice: 4xx and the same answer as for what is not there. Nothing of it comes back in a header.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { call, newPerson } from "../support/api.ts";
import { bodyFor, filled, routes } from "./routes.ts";

const hostile = [
  "..%2f..%2fetc%2fpasswd",
  "%2e%2e%2f%2e%2e%2f",
  "%2fetc%2fpasswd",
  "C:%5cwindows",
  "a%00b",
  "a%0d%0aSet-Cookie:%20x=1",
  "%252e%252e%252f",
  "%c0%ae%c0%ae%2f",
  "%ff",
  "env_%24%7b7*7%7d",
  "a".repeat(5000),
];
const withIds = routes.filter((route) => route.includes(":") && !/ \/api\/v1\/(ws|bridge)\//.test(route));

let token: string;

beforeAll(async () => {
  token = (await newPerson()).accessToken;
});

describe.each(withIds)("%s", (route) => {
  it("answers 4xx to an id that is a path, and says nothing more", async () => {
    for (const id of hostile) {
      const answer = await call(filled(route, id), { token, ...bodyFor(route) });
      expect(answer.status, `${id}: ${answer.text}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${id}: ${answer.text}`).toBeLessThan(500);
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect([...answer.headers.values()].join("\n")).not.toContain("passwd");
    }
  });
});
