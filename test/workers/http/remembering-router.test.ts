/** What a router remembers is what it would find again. */
import type { Router } from "hono/router";
import { TrieRouter } from "hono/router/trie-router";
import { describe, expect, it } from "vitest";
import { RememberingRouter } from "../../../workers/http/remembering-router.ts";

function withRoutes<R extends Router<string>>(router: R): R {
  router.add("ALL", "/*", "middleware");
  router.add("GET", "/users/me", "me");
  router.add("GET", "/users/:id", "person");
  router.add("PUT", "/users/:id", "change");
  router.add("GET", "/users/:id/files/:name", "file");
  return router;
}

const asked = ["/users/me", "/users/a", "/users/b", "/users/a/files/x", "/users/b/files/x", "/nothing", "/"].flatMap(
  (path) => ["GET", "PUT", "DELETE"].map((method) => [method, path] as const),
);

describe("a router that remembers", () => {
  const router = withRoutes(new RememberingRouter<string>());
  const plain = withRoutes(new TrieRouter<string>());

  it.each(["the first time", "the second time"])("finds %s what hono's finds, each with its own parameters", () => {
    for (const [method, path] of asked) expect(router.match(method, path)).toEqual(plain.match(method, path));
  });

  it("finds each of more paths than it remembers, and those that are too long for it", () => {
    for (const id of [...Array.from({ length: 1_500 }, (_, number) => `n${number}`), "l".repeat(4_000), "n0"]) {
      expect(router.match("GET", `/users/${id}`)).toEqual(plain.match("GET", `/users/${id}`));
    }
  });
});
