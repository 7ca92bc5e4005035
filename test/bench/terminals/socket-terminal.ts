/** A terminal over a WebSocket that speaks the version-1 frames of durable-objects/protocol/client.ts. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { stripVTControlCharacters } from "node:util";
import { WebSocket } from "ws";
import { type BenchTerminal, collector, type OpenOptions, size } from "./terminal.ts";

/**
 * Connects and waits for a screen with something on it: before that there may be no bridge to take input. A socket
 * that closes by itself and an error frame end the run.
 */
export async function openSocketTerminal(
  address: string,
  { isCompressed }: OpenOptions = { isCompressed: false },
): Promise<BenchTerminal> {
  const socket = new WebSocket(address, { perMessageDeflate: isCompressed });
  const received = collector();
  let isClosing = false;
  let upgrade: IncomingMessage | undefined;
  socket.on("upgrade", (response: IncomingMessage) => {
    upgrade = response;
  });
  socket.on("message", (raw: Buffer) => {
    const atMs = performance.now();
    const frame: unknown = JSON.parse(raw.toString());
    if (isErrorFrame(frame)) throw new Error(`the server answered an error frame: ${raw.toString()}`);
    if (isOutputFrame(frame)) received.arrived(frame.data, atMs);
  });
  socket.on("close", (code, reason) => {
    if (!isClosing) throw new Error(`the socket was closed with ${code} ${reason.toString()}`);
  });
  // Watched from the start: the screen may come in the packet that accepts the upgrade, before a promise is resumed.
  const firstScreen = new Promise<void>((resolve) => {
    const stop = received.onText((text) => {
      if (stripVTControlCharacters(text).trim() === "") return;
      stop();
      resolve();
    });
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "resize", ...size }));
  await firstScreen;
  return {
    write: (text) => socket.send(JSON.stringify({ type: "input", data: text })),
    onText: received.onText,
    wireBytes: () => upgrade?.socket.bytesRead ?? 0,
    text: received.text,
    close: async () => {
      isClosing = true;
      socket.close();
      await once(socket, "close");
    },
  };
}

function hasType(frame: unknown, type: string): frame is { type: string; data?: unknown } {
  return typeof frame === "object" && frame !== null && "type" in frame && frame.type === type;
}

function isErrorFrame(frame: unknown): boolean {
  return hasType(frame, "error");
}

function isOutputFrame(frame: unknown): frame is { type: "output"; data: string } {
  return hasType(frame, "output") && typeof frame.data === "string";
}
