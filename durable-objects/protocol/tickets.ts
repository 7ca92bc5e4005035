/**
 * What the Worker vouches for when it hands a request to an object: a ticket in a header, and the path it comes by. An object
 * believes a ticket, so the header is stripped from whatever comes from outside. Worker and objects are deployed apart: a field
 * that is new is optional until no Worker is left that does not write it.
 */
import { z } from "zod";
import { assignmentSchema } from "./bridge-link.ts";
import { transferIdSchema, transferOrderSchema } from "./transfers.ts";
import {
  ownerIdSchema,
  phaseSchema,
  roleSchema,
  socketKindSchema,
  statusSchema,
  terminalIdSchema,
} from "./vocabulary.ts";

const names = { requestId: z.string(), clusterId: z.string() };

/** The version a client's socket speaks, chosen at its upgrade. */
const clientVersionSchema = z.union([z.literal(1), z.literal(2)]);
export type ClientVersion = z.infer<typeof clientVersionSchema>;

/** The version a bridge's socket speaks. */
const bridgeVersionSchema = z.union([z.literal(1), z.literal(2)]);
export type BridgeVersion = z.infer<typeof bridgeVersionSchema>;

/** Everything the Worker vouches for when it hands a client's upgrade to a TerminalObject. */
export const viewerTicketSchema = z.object({
  ...names,
  socketId: z.string(),
  userId: z.string(),
  sessionId: z.string(),
  terminal: terminalIdSchema,
  kind: socketKindSchema,
  version: clientVersionSchema,
  /** What others at the terminal call this person. */
  username: z.string(),
  role: roleSchema,
  /** When a guest's role ends by itself (ms since the epoch), and whether they may dial again then for a weaker one. */
  roleEnds: z.object({ atMs: z.number(), mayRetry: z.boolean() }).nullable(),
  environment: z.object({
    id: z.string(),
    name: z.string(),
    status: statusSchema,
    template: z.string(),
    installation_completed: z.boolean(),
    pty_enabled: z.boolean(),
  }),
  phase: phaseSchema,
  statusMessage: z.string().nullable(),
  phaseReason: z.string().nullable().optional(),
});
export type ViewerTicket = z.infer<typeof viewerTicketSchema>;

/** What the Worker vouches for when it hands a bridge's socket to an object. A control link has no assignment. */
export const bridgeTicketSchema = z.object({
  ...names,
  /** The row id of the token it was shown by, so that a revoked token closes its sockets. */
  bridgeTokenId: z.string(),
  bridgeId: z.string(),
  version: bridgeVersionSchema,
  assignment: assignmentSchema.extend({ secret: z.string() }).nullable(),
});
export type BridgeTicket = z.infer<typeof bridgeTicketSchema>;

/** What the Worker vouches for when a person's request for a transfer reaches its object. */
export const transferTicketSchema = z.object({
  ...names,
  id: transferIdSchema,
  order: transferOrderSchema,
  /** Whose it is; a Worker older than this field leaves it out. */
  ownerId: ownerIdSchema.optional(),
});
export type TransferTicket = z.infer<typeof transferTicketSchema>;

/** The same for a bridge's request: whose bridge it is. */
export const transferBridgeTicketSchema = z.object(names);
export type TransferBridgeTicket = z.infer<typeof transferBridgeTicketSchema>;

/** Header that carries a ticket from Worker to object. */
export const ticketHeader = "x-devpocket-ticket";

/** A ticket as header text: JSON, percent-encoded so that it is ASCII. */
export function encodeTicket(ticket: ViewerTicket | BridgeTicket | TransferTicket | TransferBridgeTicket): string {
  return encodeURIComponent(JSON.stringify(ticket));
}

/** Reads what `encodeTicket` wrote; throws for anything else, which only a bug of ours can send. */
export function decodeTicket<T>(text: string | null, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(decodeURIComponent(text ?? "")));
}

/** Paths of the objects' own fetch handlers. */
export const objectPaths = { viewer: "/viewer", bridge: "/bridge", link: "/link", transfer: "/transfer" } as const;
