/**
 * The keys of the in-process Redis: a map of typed values with expiry, looked at lazily. Knows no commands.
 * Values are JavaScript strings: the Upstash form carries JSON, so bytes that are not UTF-8 never get here.
 */

export interface Kinds {
  string: string;
  hash: Map<string, string>;
  set: Set<string>;
  zset: Map<string, number>;
  list: string[];
}
export type Kind = keyof Kinds;

interface Entry {
  kind: Kind;
  value: Kinds[Kind];
  expiresAtMs: number | null;
}

/** A simple string in a reply (`+OK`), as opposed to a stored value. */
export class Status {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export const ok = new Status("OK");

export type Reply = string | number | null | Status | Reply[];

/** An error reply; the message begins with its code (`ERR`, `WRONGTYPE`, `NOSCRIPT`). */
export class RedisError extends Error {}

function isEmpty(entry: Entry): boolean {
  if (typeof entry.value === "string") return false;
  return (Array.isArray(entry.value) ? entry.value.length : entry.value.size) === 0;
}

export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAtMs == null || entry.expiresAtMs > this.nowMs()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** The value at `key`, or undefined; another kind than asked for is WRONGTYPE. */
  get<K extends Kind>(key: string, kind: K): Kinds[K] | undefined {
    const entry = this.#live(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== kind) throw new RedisError("WRONGTYPE Operation against a key holding the wrong kind of value");
    return entry.value as Kinds[K];
  }

  getOrCreate<K extends Exclude<Kind, "string">>(key: string, kind: K, create: () => Kinds[K]): Kinds[K] {
    const value = this.get(key, kind) ?? create();
    if (!this.has(key)) this.set(key, kind, value, null);
    return value;
  }

  set<K extends Kind>(key: string, kind: K, value: Kinds[K], expiresAtMs: number | null): void {
    this.#entries.set(key, { kind, value, expiresAtMs });
  }

  /** Replaces a string's text and keeps its expiry. */
  setText(key: string, text: string): void {
    this.set(key, "string", text, this.expiry(key) ?? null);
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  kindOf(key: string): Kind | undefined {
    return this.#live(key)?.kind;
  }

  delete(key: string): boolean {
    return this.has(key) && this.#entries.delete(key);
  }

  /** Redis keeps no empty collections: call after removing members. */
  dropIfEmpty(key: string): void {
    const entry = this.#live(key);
    if (entry !== undefined && isEmpty(entry)) this.#entries.delete(key);
  }

  /** When the key ends (Unix ms), null = never, undefined = no such key. */
  expiry(key: string): number | null | undefined {
    return this.#live(key)?.expiresAtMs;
  }

  setExpiry(key: string, expiresAtMs: number | null): void {
    const entry = this.#live(key);
    if (entry !== undefined) entry.expiresAtMs = expiresAtMs;
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.has(key));
  }

  clear(): void {
    this.#entries.clear();
  }
}
