/**
 * What is remembered of a local environment on disk, so that a bridge that was killed takes up where it was. It
 * holds no variables: they live in the processes and in the desired list only.
 */
import { readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { resourcesSchema } from "../../../durable-objects/protocol/bridge-api.ts";
import { environmentIdSchema } from "../../../durable-objects/protocol/vocabulary.ts";

export const recordedProcessSchema = z.object({ pid: z.number().int(), startTicks: z.number() });
export type RecordedProcess = z.infer<typeof recordedProcessSchema>;

const recordSchema = z.object({
  id: environmentIdSchema,
  generation: z.number().int(),
  /** The generation whose startup commands were begun. */
  begunGeneration: z.number().int().nullable(),
  /** `up`: a tmux server was started and should be there. The others are steps that a crash may have cut short. */
  state: z.enum(["starting", "up", "stopping", "down"]),
  resources: resourcesSchema,
  server: recordedProcessSchema.nullable(),
  /** Null when there are no startup commands. */
  installer: recordedProcessSchema.nullable(),
  hasStartupCommands: z.boolean(),
  startedAt: z.string().nullable(),
});
export type EnvironmentRecord = z.infer<typeof recordSchema>;

/** What a small file of ours holds, or null for one that is not there or was cut short by a crash. */
export async function readJson<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Writes the record so that a crash leaves the old or the new one. */
export async function writeRecord(path: string, record: EnvironmentRecord): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * Reads a record, or null when the directory is not an environment of ours. A step that a crash cut short is no
 * longer under way: `up` makes everybody look at what is really there.
 */
export function readRecord(path: string): EnvironmentRecord | null {
  try {
    const record = recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return record.state === "starting" || record.state === "stopping" ? { ...record, state: "up" } : record;
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null;
    if (["ENOENT", "ENOTDIR", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
