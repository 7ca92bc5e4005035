/** Who has control of which environment, in the cluster's storage. Calls are synchronous and therefore atomic. */
import type { ControlRecord, ControlStore } from "./control.ts";
import type { Facts } from "./facts.ts";

type Row = {
  version: number;
  holder_id: string;
  holder_name: string;
  stage: ControlRecord["stage"];
  ends_at: number | null;
};

export class StoredControl implements ControlStore {
  readonly #sql: SqlStorage;
  readonly #facts: Facts;

  constructor(sql: SqlStorage, facts: Facts) {
    this.#sql = sql;
    this.#facts = facts;
    sql.exec(
      `create table if not exists control (
        environment text primary key, version integer, holder_id text, holder_name text, stage text, ends_at integer)`,
    );
  }

  read(environmentId: string): ControlRecord | null {
    const [row] = this.#sql.exec<Row>("select * from control where environment = ?", environmentId).toArray();
    if (row === undefined) return null;
    const { version, holder_id, holder_name, stage, ends_at } = row;
    return { version, holder: { id: holder_id, name: holder_name }, stage, endsAt: ends_at };
  }

  write(environmentId: string, { version, holder, stage, endsAt }: ControlRecord): void {
    this.#sql.exec(
      "insert or replace into control values (?, ?, ?, ?, ?, ?)",
      environmentId,
      version,
      holder.id,
      holder.name,
      stage,
      endsAt,
    );
  }

  remove(environmentId: string): void {
    this.#sql.exec("delete from control where environment = ?", environmentId);
  }

  dueBy(time: number): string[] {
    return this.#sql
      .exec<{ environment: string }>("select environment from control where ends_at <= ?", time)
      .toArray()
      .map(({ environment }) => environment);
  }

  dueAt(): number {
    const { at } = this.#sql.exec<{ at: number | null }>("select min(ends_at) as at from control").one();
    return at ?? Number.POSITIVE_INFINITY;
  }

  version(): number {
    return this.#facts.last("control_version");
  }

  nextVersion(): number {
    return this.#facts.next("control_version");
  }
}
