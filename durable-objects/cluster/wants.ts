/**
 * Which terminals are wanted of the cluster, and who may serve each: a bridge, an assignment number that only grows and its
 * secret, in the object's storage. Calls are synchronous and therefore atomic.
 */
import type { Assignment } from "../protocol/bridge-link.ts";
import { bridgeOf } from "../protocol/placement.ts";
import { parseTerminalId } from "../protocol/vocabulary.ts";
import type { Facts } from "./facts.ts";

type Row = { terminal: string; assignment: number; secret: string };

export class Wants {
  readonly #sql: SqlStorage;
  readonly #facts: Facts;

  constructor(sql: SqlStorage, facts: Facts) {
    this.#sql = sql;
    this.#facts = facts;
    sql.exec(
      "create table if not exists wants (terminal text primary key, assignment integer, secret text, bridge text)",
    );
    const columns = sql.exec<{ name: string }>("select name from pragma_table_info('wants')").toArray();
    if (!columns.some(({ name }) => name === "bridge")) sql.exec("alter table wants add column bridge text");
  }

  /** Makes the terminal wanted of one of these bridges, and with `isRepeated` assigns it anew if it was already; false if
   * nothing changed. */
  add(terminal: string, bridges: readonly string[], isRepeated: boolean): boolean {
    const isChanged = isRepeated || this.find(terminal) === undefined;
    if (isChanged) this.#assign(terminal, ownerOf(terminal, bridges));
    return isChanged;
  }

  /** Makes it unwanted; false if it was already. */
  remove(terminal: string): boolean {
    return this.#sql.exec("delete from wants where terminal = ?", terminal).rowsWritten > 0;
  }

  /** What one bridge is to serve. */
  listOf(bridge: string): Assignment[] {
    return this.#sql
      .exec<Row>("select terminal, assignment, secret from wants where bridge = ? order by assignment", bridge)
      .toArray();
  }

  /** All that are wanted, whoever is to serve them. */
  terminals(): string[] {
    return this.#sql
      .exec<{ terminal: string }>("select terminal from wants")
      .toArray()
      .map(({ terminal }) => terminal);
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

  /** Gives every wanted terminal to the one of these bridges that it belongs to, unless that has it already: then earlier
   * assignments end. Without any bridge all stays as it is, for who had them may come back. */
  assignTo(bridges: readonly string[]): void {
    if (bridges.length === 0) return;
    const rows = this.#sql.exec<{ terminal: string; bridge: string | null }>("select terminal, bridge from wants");
    for (const { terminal, bridge } of rows.toArray()) {
      const owner = ownerOf(terminal, bridges);
      if (owner !== bridge) this.#assign(terminal, owner);
    }
  }

  #assign(terminal: string, bridge: string | null): void {
    this.#sql.exec(
      "insert or replace into wants (terminal, assignment, secret, bridge) values (?, ?, ?, ?)",
      terminal,
      this.#facts.next("assignment"),
      crypto.randomUUID(),
      bridge,
    );
  }
}

function ownerOf(terminal: string, bridges: readonly string[]): string | null {
  return bridgeOf(parseTerminalId(terminal).environmentId, bridges);
}
