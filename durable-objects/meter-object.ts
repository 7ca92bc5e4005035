/**
 * Counts what only objects see. There is one of it, and a close is one row written: a deploy, which could close many
 * sockets at once, cuts them without any object seeing it. It is the objects' own, for the Worker may restart, and
 * a script that called the Worker back could not be deployed before it.
 */
import { DurableObject } from "cloudflare:workers";
import { codeLabel } from "./protocol/closes.ts";
import type { ClosedSockets, MeteredKind, MeterRpc } from "./protocol/objects.ts";

export class MeterObject extends DurableObject<ObjectsEnv> implements MeterRpc {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec("create table if not exists closed (kind text, code text, count integer, primary key (kind, code))");
  }

  /** The platform holds the answer back until the row is on disk. The label keeps the rows few, whatever peers send. */
  async socketClosed(kind: MeteredKind, code: number): Promise<void> {
    const add = "insert into closed values (?, ?, 1) on conflict do update set count = count + 1";
    this.#sql.exec(add, kind, codeLabel(code));
  }

  async closedSockets(): Promise<ClosedSockets[]> {
    const rows = this.#sql.exec<Row>("select kind, code, count from closed order by kind, code");
    return rows.toArray();
  }
}

/** An alias and not an interface, as a row has to be indexable by any name. */
type Row = { [Column in keyof ClosedSockets]: ClosedSockets[Column] };
