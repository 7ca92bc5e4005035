/** A small HTTP endpoint on this machine only, for a liveness probe: 200 while the link is up, else 503. */
import { createServer, type Server } from "node:http";

export function serveHealth(port: number, isConnected: () => boolean): Server {
  const server = createServer((request, response) => {
    const isHealth = request.url === "/health";
    const status = !isHealth ? 404 : isConnected() ? 200 : 503;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(isHealth ? { status: isConnected() ? "connected" : "connecting" } : {}));
  });
  return server.listen(port, "127.0.0.1");
}
