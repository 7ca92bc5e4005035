/** What Postgres would do for the statements that the store really sends: recorded on their way to the proxy. */
import type { Client } from "pg";
import { vi } from "vitest";
import { z } from "zod";
import { largeTables } from "./large-database.ts";

const statementSchema = z.object({ query: z.string(), params: z.array(z.unknown()).default([]) });
const sentSchema = z.union([
  z.object({ queries: z.array(statementSchema) }).transform(({ queries }) => queries),
  statementSchema.transform((statement) => [statement]),
]);
export type Statement = z.infer<typeof statementSchema>;

/** Runs `work` and answers the round trips it made, each with its statements. */
export async function roundTripsOf(work: () => Promise<unknown>): Promise<Statement[][]> {
  const spy = vi.spyOn(globalThis, "fetch");
  try {
    await work();
    return spy.mock.calls.map(([, init]) => sentSchema.parse(JSON.parse(String(init?.body))));
  } finally {
    spy.mockRestore();
  }
}

interface PlanNode {
  type: string;
  table: string | null;
  index: string | null;
  hasCondition: boolean;
  children: PlanNode[];
}

const planSchema: z.ZodType<PlanNode> = z.lazy(() =>
  z
    .object({
      "Node Type": z.string(),
      "Relation Name": z.string().optional(),
      "Index Name": z.string().optional(),
      "Index Cond": z.string().optional(),
      Plans: z.array(planSchema).default([]),
    })
    .transform((node) => ({
      type: node["Node Type"],
      table: node["Relation Name"] ?? null,
      index: node["Index Name"] ?? null,
      hasCondition: node["Index Cond"] !== undefined,
      children: node.Plans,
    })),
);
const explainedSchema = z.tuple([z.object({ "QUERY PLAN": z.tuple([z.object({ Plan: planSchema })]) })]);

/** The plan of a statement with its parameters; nothing is changed. */
export async function planOf(client: Client, { query, params }: Statement): Promise<PlanNode> {
  const { rows } = await client.query(`explain (format json) ${query}`, params);
  return explainedSchema.parse(rows)[0]["QUERY PLAN"][0].Plan;
}

/** Partial indexes that hold few rows however large their table is; reading one whole is fine. */
const smallIndexes = new Set(["users_admins_idx"]);

/**
 * Where a plan reads a large table whole: a sequential scan, or an index read from end to end with nothing that stops
 * it. A limit stops one, unless a sort or an aggregate below the limit wants every row first.
 */
export function wholeReads(plan: PlanNode, isStopped = false): string[] {
  const wantsAll = /^(Sort|Incremental Sort|Aggregate|Hash|HashAggregate|Materialize|WindowAgg)$/.test(plan.type);
  const stopped = plan.type === "Limit" || (isStopped && !wantsAll);
  const isLarge = plan.table !== null && largeTables.includes(plan.table);
  const isIndexRead = /^Index (Only )?Scan$/.test(plan.type) && !smallIndexes.has(plan.index ?? "");
  const isWhole = /Seq Scan/.test(plan.type) || (isIndexRead && !plan.hasCondition && !stopped);
  const own =
    isLarge && isWhole ? [`${plan.type} on ${plan.table}${plan.index === null ? "" : ` by ${plan.index}`}`] : [];
  return [...own, ...plan.children.flatMap((child) => wholeReads(child, stopped))];
}

/** Whether the rows have to be sorted: no index brings them in order. */
export function hasSort(plan: PlanNode): boolean {
  return /Sort/.test(plan.type) || plan.children.some(hasSort);
}
