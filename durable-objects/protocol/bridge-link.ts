/**
 * The control link: one JSON WebSocket from each bridge process to its ClusterObject. It carries exactly four
 * things (changed, want, ask/answer, transfer) and a hello; streams never pass it. The desired state itself is
 * pulled over HTTP (bridge-api.ts), so a lost message costs latency, never correctness.
 */
import { z } from "zod";
import { fileAnswers, fileFailures, fileQuestions } from "./files.ts";
import { transferIdSchema, transferOrderSchema } from "./transfers.ts";
import { environmentIdSchema, ownerIdSchema, terminalIdSchema } from "./vocabulary.ts";
import { windowAnswers, windowFailures, windowQuestions } from "./windows.ts";

/** `Sec-WebSocket-Protocol` of both bridge sockets. The Worker serves the current and the previous version. */
export const bridgeProtocol = "devpocket-bridge.2";
export const previousBridgeProtocol = "devpocket-bridge.1";
export const servedBridgeProtocols: readonly string[] = [bridgeProtocol, previousBridgeProtocol];

/** Headers with which the bridge presents its assignment when it dials a terminal's data socket. */
export const assignmentHeader = "x-devpocket-assignment";
export const assignmentSecretHeader = "x-devpocket-assignment-secret";
export const bridgeIdHeader = "x-devpocket-bridge";

/** Leave to hold the data socket of one terminal. Numbers only grow; the highest one wins. */
export const assignmentSchema = z.object({
  terminal: terminalIdSchema,
  assignment: z.number().int().positive(),
  secret: z.string().min(16),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const questionSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("logs"),
    environment_id: environmentIdSchema,
    lines: z.number().int().min(1).max(1000),
    since: z.string().optional(),
  }),
  z.object({ kind: z.literal("metrics"), environment_id: environmentIdSchema }),
  ...windowQuestions,
  ...fileQuestions,
]);
export type Question = z.infer<typeof questionSchema>;

export const logEntrySchema = z.object({
  timestamp: z.string(),
  level: z.string(),
  message: z.string(),
  source: z.string(),
});
export type LogEntry = z.infer<typeof logEntrySchema>;

/** Real readings or null with the reason; never invented. Percentages are of the environment's limit. */
export const readingsSchema = z.object({
  cpu_usage: z.number().nullable(),
  memory_usage: z.number().nullable(),
  storage_usage: z.number().nullable(),
  network_in: z.number().nullable(),
  network_out: z.number().nullable(),
  uptime: z.number().nullable(),
  timestamp: z.string(),
  reason: z.string().optional(),
});
export type Readings = z.infer<typeof readingsSchema>;

export const answerResultSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("logs"), entries: z.array(logEntrySchema), has_more: z.boolean() }),
  z.object({ kind: z.literal("metrics"), readings: readingsSchema }),
  ...windowAnswers,
  ...fileAnswers,
  z.object({
    kind: z.literal("failed"),
    code: z.enum(["not_found", "not_running", "unavailable", ...windowFailures, ...fileFailures]),
    message: z.string(),
  }),
]);
export type AnswerResult = z.infer<typeof answerResultSchema>;

/** Bridge to ClusterObject. */
export const bridgeMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    bridge_id: z.string().min(8).max(64),
    version: z.string(),
    runtime: z.string(),
    /** It heeds `duties`, and so may serve beside others. Older bridges leave it out and serve alone. */
    shares: z.boolean().optional(),
    /** The place it runs in, of which there is one process at a time: one that comes proves an earlier one's end. */
    instance: z.string().min(1).max(128).optional(),
  }),
  /** It is about to end and has let go of the loop: its terminals are for others. */
  z.object({ type: z.literal("draining") }),
  /** What keeps it from its work, for those who run the cluster; null: nothing any more. */
  z.object({ type: z.literal("trouble"), message: z.string().nullable() }),
  z.object({ type: z.literal("answer"), id: z.string(), result: answerResultSchema }),
]);
export type BridgeMessage = z.infer<typeof bridgeMessageSchema>;

/** ClusterObject to bridge. `request_id` ties the bridge's log lines to the request that caused them. */
export const clusterMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("changed"), revision: z.string(), request_id: z.string().optional() }),
  z.object({ type: z.literal("want"), terminals: z.array(assignmentSchema) }),
  /** `lease`: it runs the reconcile loop. `bridges`: who shares the environments (placement.ts), itself among them
   * unless its part has been given to the others. */
  z.object({ type: z.literal("duties"), lease: z.boolean(), bridges: z.array(z.string()) }),
  z.object({ type: z.literal("ask"), id: z.string(), question: questionSchema, request_id: z.string().optional() }),
  z.object({
    type: z.literal("transfer"),
    id: transferIdSchema,
    order: transferOrderSchema,
    /** Whose it is, so that one person does not take the place of all. */
    owner: ownerIdSchema.optional(),
    request_id: z.string().optional(),
  }),
]);
export type ClusterMessage = z.infer<typeof clusterMessageSchema>;
