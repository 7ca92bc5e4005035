/**
 * Which terminals are wanted of the cluster, and who may serve each: an assignment number that only grows and its
 * secret, in the object's storage. Calls are synchronous and therefore atomic.
 */
import type { Assignment } from "./protocol/bridge-link.ts";

type Row = { terminal: string; assignment: number; secret: string };

export class Wants {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("create table if not exists wants (terminal text primary key, assignment integer, secret text)");
    sql.exec("create table if not exists facts (name text primary key, value text)");
  }

  /** Makes the terminal wanted, and with `isRepeated` assigns it anew if it was already; false if nothing changed. */
  add(terminal: string, isRepeated: boolean): boolean {
    const isChanged = isRepeated || this.find(terminal) === undefined;
    if (isChanged) this.#assign(terminal);
    return isChanged;
  }

  /** Makes it unwanted; false if it was already. */
  remove(terminal: string): boolean {
    return this.#sql.exec("delete from wants where terminal = ?", terminal).rowsWritten > 0;
  }

  list(): Assignment[] {
    return this.#sql.exec<Row>("select terminal, assignment, secret from wants order by assignment").toArray();
  }

  find(terminal: string): Assignment | undefined {
    return this.#sql
      .exec<Row>("select terminal, assignment, secret from wants where terminal = ?", terminal)
      .toArray()[0];
  }

  /** The wanted terminals of one environment: all names between `ID/` and the one after its slash. */
  ofEnvironment(environmentId: string): string[] {
    return this.#sql
      .exec<Row>("select * from wants where terminal > ? and terminal < ?", `${environmentId}/`, `${environmentId}0`)
      .toArray()
      .map(({ terminal }) => terminal);
  }

  /** Gives every wanted terminal to this bridge, unless it has them already. Earlier assignments end. */
  assignAllTo(bridgeId: string): void {
    if (this.fact("bridge") === bridgeId) return;
    this.setFact("bridge", bridgeId);
    for (const { terminal } of this.list()) this.#assign(terminal);
  }

  fact(name: string): string | null {
    const rows = this.#sql.exec<{ value: string }>("select value from facts where name = ?", name).toArray();
    return rows[0]?.value ?? null;
  }

  setFact(name: string, value: string): void {
    this.#sql.exec("insert or replace into facts (name, value) values (?, ?)", name, value);
  }

  #assign(terminal: string): void {
    const assignment = Number(this.fact("assignment") ?? 0) + 1;
    this.setFact("assignment", String(assignment));
    this.#sql.exec(
      "insert or replace into wants (terminal, assignment, secret) values (?, ?, ?)",
      terminal,
      assignment,
      crypto.randomUUID(),
    );
  }
}
