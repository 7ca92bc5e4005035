/** CORS from the allow-list and nothing else; the page itself is of our origin and needs none of it. */
import { cors } from "hono/cors";
import { changeHeaders } from "./answer-headers.ts";
import type { AppContext, AppMiddleware } from "./context.ts";

const exposedHeaders = [
  "X-Request-ID",
  "Retry-After",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "RateLimit",
  "RateLimit-Policy",
  "ETag",
  "Idempotency-Replayed",
  "Content-Disposition",
  "Content-Range",
  "Accept-Ranges",
];

const toldBrowsers: AppMiddleware = cors({
  origin: (origin, c: AppContext) => (isAllowedOrigin(c, origin) ? origin : null),
  allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders: [
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
  ],
  exposeHeaders: exposedHeaders,
  credentials: true,
  maxAge: 600,
});

/** Tells browsers of allowed origins what they may send and read. Who names no origin is no page of another one. */
export const crossOrigin: AppMiddleware = async (c, next) => {
  if (c.req.header("origin") !== undefined || c.req.method === "OPTIONS") return toldBrowsers(c, next);
  await next();
  changeHeaders(c, (headers) => headers.append("Vary", "Origin"));
};

/** Whether a browser page of this origin may call: our own address, the public one, or one on the list. */
export function isAllowedOrigin(c: AppContext, origin: string): boolean {
  const { publicUrl, allowedOrigins } = c.var.deps.config;
  const isOwn = origin === new URL(c.req.url).origin || (publicUrl !== null && origin === new URL(publicUrl).origin);
  return isOwn || allowedOrigins.includes(origin);
}
