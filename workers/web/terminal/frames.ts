/** Reads the server's frames (protocol/client.ts). Types the page does not know are ignored, as the contract asks. */
import * as z from "zod/mini";
import { phases } from "../../../durable-objects/protocol/vocabulary.ts";
import { parseJson } from "../api/tokens.ts";

const frameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("output"), data: z.string() }),
  z.object({ type: z.literal("welcome"), message: z.string() }),
  z.object({ type: z.literal("pong") }),
  z.object({ type: z.literal("error"), message: z.string(), code: z.optional(z.string()) }),
  z.object({ type: z.literal("info"), message: z.string() }),
  z.object({ type: z.literal("status_update"), phase: z.enum(phases), message: z.string() }),
  z.object({ type: z.literal("log"), timestamp: z.string(), level: z.string(), message: z.string() }),
  z.object({ type: z.literal("installation_log"), data: z.string(), timestamp: z.string() }),
  z.object({ type: z.literal("installation_status"), status: z.string(), timestamp: z.string() }),
  z.object({ type: z.literal("installation_complete"), timestamp: z.string() }),
  z.object({ type: z.literal("installation_error"), message: z.string(), timestamp: z.string() }),
]);
export type Frame = z.infer<typeof frameSchema>;

/** The frame in a text message, or null for one to ignore. */
export function readFrame(data: unknown): Frame | null {
  if (typeof data !== "string") return null;
  const parsed = frameSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : null;
}

export interface LogLine {
  timestamp: string;
  level: string;
  text: string;
}

/** The log line a frame holds, or null for a frame that is none. */
export function logLineOf(frame: Frame): LogLine | null {
  switch (frame.type) {
    case "log":
      return { timestamp: frame.timestamp, level: frame.level, text: frame.message };
    case "installation_log":
      return { timestamp: frame.timestamp, level: "info", text: frame.data };
    case "installation_status":
      return { timestamp: frame.timestamp, level: "info", text: `Setting up: ${frame.status}` };
    case "installation_complete":
      return { timestamp: frame.timestamp, level: "info", text: "Setting up is complete." };
    case "installation_error":
      return { timestamp: frame.timestamp, level: "error", text: frame.message };
    default:
      return null;
  }
}
