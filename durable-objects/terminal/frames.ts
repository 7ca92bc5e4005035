/** Reading what peers send: bounded, parsed once, never trusted. Null means "not a frame of this protocol". */
import { type ClientMessage, clientMessageSchema } from "../protocol/client.ts";
import { type ClientMessage2, clientMessage2Schema } from "../protocol/client-2.ts";
import { type DataMessage, dataMessageSchema } from "../protocol/data-socket.ts";
import { limits } from "../protocol/timing.ts";

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const encoder = new TextEncoder();

/** Terminal bytes as text. Frames end on character boundaries, so nothing is carried over. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Whether a frame is longer than `maxBytes` in UTF-8; counts exactly only when it is near. */
export function isTooLong(data: string | ArrayBuffer, maxBytes: number): boolean {
  if (typeof data !== "string") return data.byteLength > maxBytes;
  if (data.length > maxBytes) return true;
  return data.length * 3 > maxBytes && encoder.encode(data).length > maxBytes;
}

export function parseClientFrame(data: string | ArrayBuffer): ClientMessage | null {
  const parsed = clientMessageSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : null;
}

export function parseClientFrame2(data: string | ArrayBuffer): ClientMessage2 | null {
  const parsed = clientMessage2Schema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : null;
}

export function parseBridgeText(data: string): DataMessage | null {
  if (isTooLong(data, limits.maxBridgeFrameBytes)) return null;
  const parsed = dataMessageSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : null;
}

/** JSON, or undefined for what is not. */
export function parseJson(data: string | ArrayBuffer): unknown {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
