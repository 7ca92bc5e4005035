/** What a cluster's object remembers in a word each, in its storage. Calls are synchronous and therefore atomic. */

/** All there are. `assignment` and `control_version` are the highest numbers given out; the others are their owners' JSON. */
type FactName = "assignment" | "control_version" | "nudge" | "standing";

export class Facts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("create table if not exists facts (name text primary key, value text)");
  }

  /** Null: it was never set, or was cleared. */
  get(name: FactName): string | null {
    const [row] = this.#sql.exec<{ value: string }>("select value from facts where name = ?", name).toArray();
    return row?.value ?? null;
  }

  set(name: FactName, value: string): void {
    this.#sql.exec("insert or replace into facts (name, value) values (?, ?)", name, value);
  }

  clear(name: FactName): void {
    this.#sql.exec("delete from facts where name = ?", name);
  }

  /** The next of numbers that only grow. */
  next(name: "assignment" | "control_version"): number {
    const number = this.last(name) + 1;
    this.set(name, String(number));
    return number;
  }

  /** The number that `next` gave out last; 0: none yet. */
  last(name: "assignment" | "control_version"): number {
    return Number(this.get(name) ?? 0);
  }
}
