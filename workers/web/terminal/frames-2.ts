/** Reads the server's frames of version 2 (protocol/client-2.ts). Types the page does not know are ignored. */
import * as z from "zod/mini";
import { phases, roles } from "../../../durable-objects/protocol/vocabulary.ts";
import { parseJson } from "../api/tokens.ts";

const count = z.number().check(z.int(), z.nonnegative());

const frameSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    epoch: z.string(),
    gen: count,
    ledger: z.string(),
    cols: count,
    rows: count,
    role: z.optional(z.enum(roles)),
  }),
  z.object({
    type: z.literal("participants"),
    total: count,
    list: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        role: z.enum(roles),
        visible: z.boolean(),
        has_control: z.boolean(),
      }),
    ),
  }),
  z.object({ type: z.literal("control"), holder: z.nullable(z.object({ id: z.string(), name: z.string() })) }),
  z.object({ type: z.literal("policy"), kind: z.enum(["smallest", "latest", "owner", "fixed"]) }),
  z.object({ type: z.literal("crowd"), sockets: count }),
  z.object({ type: z.literal("iack"), i: count }),
  z.object({ type: z.literal("uncertain"), from: count, to: count }),
  z.object({ type: z.literal("size"), cols: count, rows: count, gen: count }),
  z.object({ type: z.literal("output"), data: z.string(), seq: count, i: z.optional(count) }),
  z.object({ type: z.literal("snapshot"), data: z.string(), seq: count, gen: count, cols: count, rows: count }),
  z.object({ type: z.literal("status"), bridge: z.enum(["attached", "away"]) }),
  z.object({ type: z.literal("history"), before: count, lines: z.array(z.string()), more: z.boolean() }),
  z.object({
    type: z.literal("windows"),
    windows: z.array(z.object({ id: z.string(), name: z.string(), is_active: z.boolean() })),
    mark: z.optional(z.string()),
  }),
  z.object({
    type: z.literal("error"),
    message: z.string(),
    code: z.optional(z.string()),
    i: z.optional(count),
  }),
  z.object({ type: z.literal("welcome"), message: z.string() }),
  z.object({ type: z.literal("info"), message: z.string() }),
  z.object({ type: z.literal("pong") }),
  z.object({ type: z.literal("status_update"), phase: z.enum(phases), message: z.string() }),
]);
export type Frame2 = z.infer<typeof frameSchema>;

/** The frame in a text message, or null for one to ignore. */
export function readFrame2(data: unknown): Frame2 | null {
  if (typeof data !== "string") return null;
  const parsed = frameSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : null;
}
