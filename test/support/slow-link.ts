/**
 * A slow way: a TCP proxy in front of a server that lets so many bytes a second through in each direction, each after
 * a delay, and can be cut. It keeps little: where the way is full it does not read, as a radio link would not.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface SlowLinkOptions {
  host: string;
  port: number;
  bytesPerSecond: number;
  /** One way; a round trip takes twice as long. */
  delayMs: number;
}

export interface SlowLink {
  port: number;
  /** Ends every connection at once, without a goodbye. */
  cut(): void;
  close(): Promise<void>;
}

/** A part of what was read is on its way; the next is read when it has left. */
const partBytes = 4_096;

export async function openSlowLink(options: SlowLinkOptions): Promise<SlowLink> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, highWaterMark: partBytes }, (near) => {
    const far = connect({ host: options.host, port: options.port, noDelay: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      carry(socket, other, options);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port: address.port,
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** Passes on what `from` says: in order, paced, each part late by the delay. */
function carry(from: Socket, to: Socket, { bytesPerSecond, delayMs }: SlowLinkOptions): void {
  let freeAtMs = 0;
  from.on("data", (bytes) => {
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (bytes.length / bytesPerSecond) * 1_000;
    from.pause();
    setTimeout(() => from.resume(), freeAtMs - nowMs);
    setTimeout(() => to.writable && to.write(bytes), freeAtMs - nowMs + delayMs);
  });
}
