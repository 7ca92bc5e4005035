/**
 * The register of a user's open sockets and of what was ended lately, in the object's storage. It can be wrong in
 * one way only: a socket that vanished with its object stays listed until somebody asks whether it is alive.
 */
import type { CloseName } from "./protocol/closes.ts";
import type { SocketEntry, SocketSelector } from "./protocol/objects.ts";
import { parseTerminalId } from "./protocol/vocabulary.ts";

/** How long an end is remembered for admissions that were checked before it. */
const rememberEndMs = 60_000;

export interface Registered extends SocketEntry {
  admittedAtMs: number;
}

export class Register {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("create table if not exists sockets (id text primary key, entry text)");
    sql.exec("create table if not exists endings (at integer, selector text, close text)");
  }

  add(entry: SocketEntry, nowMs: number): void {
    const registered: Registered = { ...entry, admittedAtMs: nowMs };
    this.#sql.exec("insert or replace into sockets values (?, ?)", entry.socketId, JSON.stringify(registered));
  }

  remove(socketIds: Iterable<string>): void {
    for (const id of socketIds) this.#sql.exec("delete from sockets where id = ?", id);
  }

  list(): Registered[] {
    return this.#sql
      .exec<{ entry: string }>("select entry from sockets order by rowid")
      .toArray()
      .map(({ entry }) => JSON.parse(entry) as Registered);
  }

  /** Remembers that everything the selector matches was ended now. */
  addEnd(selector: SocketSelector, close: CloseName, nowMs: number): void {
    this.#sql.exec("delete from endings where at < ?", nowMs - rememberEndMs);
    this.#sql.exec("insert into endings values (?, ?, ?)", nowMs, JSON.stringify(selector), close);
  }

  /** How the last end closes sockets that came after the entry was checked and would have closed this one; or null. */
  endOf(entry: SocketEntry): CloseName | null {
    const ends = this.#sql
      .exec<{ selector: string; close: CloseName }>(
        "select selector, close from endings where at >= ? order by at desc, rowid desc",
        entry.checkedAtMs,
      )
      .toArray();
    return ends.find(({ selector }) => isSelected(entry, JSON.parse(selector) as SocketSelector))?.close ?? null;
  }
}

export function isSelected(entry: SocketEntry, selector: SocketSelector): boolean {
  if (selector === "all") return true;
  if ("sessionId" in selector) return entry.sessionId === selector.sessionId;
  if ("sessionIds" in selector) return selector.sessionIds.includes(entry.sessionId);
  if ("exceptSessionId" in selector) return entry.sessionId !== selector.exceptSessionId;
  return parseTerminalId(entry.terminal).environmentId === selector.environmentId;
}

/** The socket ids of some entries, by terminal. */
export function byTerminal(entries: readonly SocketEntry[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { terminal, socketId } of entries) groups.set(terminal, [...(groups.get(terminal) ?? []), socketId]);
  return groups;
}
