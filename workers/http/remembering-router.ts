/**
 * Finds the routes of a path as hono's TrieRouter does, and remembers what it found: a client asks for the same few
 * paths again and again, and the walk past so many routes is a good part of what a request computes. Hono's faster
 * RegExpRouter, which is its first choice, cannot hold a path such as `/users/me` beside `/users/:id`.
 */
import type { Result, Router } from "hono/router";
import { TrieRouter } from "hono/router/trie-router";
import { newBoundedMap } from "../rules/bounded-map.ts";

const maxPaths = 1_000;
/** Our own are shorter; longer ones shall not fill the memory. */
const maxPathCharacters = 128;

export class RememberingRouter<T> implements Router<T> {
  readonly name = "RememberingRouter";
  readonly #routes = new TrieRouter<T>();
  readonly #found = newBoundedMap<Result<T>>(maxPaths);

  /** All routes are added before the first is looked for. */
  add(method: string, path: string, handler: T): void {
    this.#routes.add(method, path, handler);
  }

  match(method: string, path: string): Result<T> {
    if (path.length > maxPathCharacters) return this.#routes.match(method, path);
    const key = `${method} ${path}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#routes.match(method, path);
    this.#found.set(key, found);
    return found;
  }
}
