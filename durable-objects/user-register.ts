/**
 * The register of a user's open sockets and of what was ended lately, in the object's storage. It can be wrong in
 * one way only: a socket that vanished with its object stays listed until somebody asks whether it is alive.
 */
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
    sql.exec("create table if not exists ends (at integer, selector text)");
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
  addEnd(selector: SocketSelector, nowMs: number): void {
    this.#sql.exec("delete from ends where at < ?", nowMs - rememberEndMs);
    this.#sql.exec("insert into ends values (?, ?)", nowMs, JSON.stringify(selector));
  }

  /** Whether the entry's session was checked before something ended it. */
  wasEnded(entry: SocketEntry): boolean {
    return this.#sql
      .exec<{ selector: string }>("select selector from ends where at >= ?", entry.checkedAtMs)
      .toArray()
      .some(({ selector }) => isSelected(entry, JSON.parse(selector) as SocketSelector));
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
