/** Small HTTP endpoints for those who watch over a bridge: a liveness probe, and metrics. Neither changes anything. */
import { createServer, type Server } from "node:http";
import { expositionType } from "../durable-objects/protocol/exposition.ts";

/** GET /health: 200 while the link is up, else 503, for who sends work here. GET /health/live: 200, for who would start anew. */
export function serveHealth({ port, address }: { port: number; address: string }, isConnected: () => boolean): Server {
  const server = createServer((request, response) => {
    const [status, word] = healthOf(request.url, isConnected());
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(word === null ? {} : { status: word }));
  });
  return server.listen(port, address);
}

/** A bridge without a link waits for it, and another process would, too. */
function healthOf(path: string | undefined, isConnected: boolean): [number, string | null] {
  if (path === "/health/live") return [200, "alive"];
  if (path !== "/health") return [404, null];
  return isConnected ? [200, "connected"] : [503, "connecting"];
}

/** GET /metrics. The numbers name no environment and no person, and who may reach the port is for the network to say. */
export function serveMetrics({ port, address }: { port: number; address: string }, text: () => string): Server {
  const server = createServer((request, response) => {
    const isMetrics = request.url === "/metrics" && request.method === "GET";
    response.writeHead(isMetrics ? 200 : 404, { "content-type": expositionType });
    response.end(isMetrics ? text() : "");
  });
  return server.listen(port, address);
}
