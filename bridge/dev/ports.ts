/** Free and taken TCP ports. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below those that a system gives to whoever names none (Linux from 32768, others from 49152): one of these would often
 * be gone before a server that is still starting, or starts again, binds it.
 */
const ownPorts = { from: 10_240, to: 32_767 };
const tries = 100;

/** A port nobody listens on now, and which nobody gets by chance before it is used. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const port = await tryPort("127.0.0.1", randomInt(ownPorts.from, ownPorts.to + 1));
    if (port !== null) return port;
  }
  throw new Error("no free TCP port on 127.0.0.1");
}

/** Whether somebody already listens on `port` of `host`. */
export async function isPortTaken(host: string, port: number): Promise<boolean> {
  return (await tryPort(host, port)) === null;
}

function tryPort(host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : null));
    });
  });
}
