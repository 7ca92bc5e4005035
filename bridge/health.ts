/** Small HTTP endpoints for those who watch over a bridge: a liveness probe, and metrics. Neither changes anything. */
import { createServer, type Server } from "node:http";
import { expositionType } from "../durable-objects/protocol/exposition.ts";

/** GET /health, on this machine only: 200 while the link is up, else 503. */
export function serveHealth(port: number, isConnected: () => boolean): Server {
  const server = createServer((request, response) => {
    const isHealth = request.url === "/health";
    const status = !isHealth ? 404 : isConnected() ? 200 : 503;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(isHealth ? { status: isConnected() ? "connected" : "connecting" } : {}));
  });
  return server.listen(port, "127.0.0.1");
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
