/** Free and taken TCP ports. */
import { createServer } from "node:net";

/** A port nobody listens on now; somebody else may take it before it is used. */
export async function freePort(): Promise<number> {
  const port = await tryPort("127.0.0.1", 0);
  if (port === null) throw new Error("no free TCP port on 127.0.0.1");
  return port;
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
