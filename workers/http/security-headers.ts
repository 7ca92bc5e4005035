/**
 * The headers of every answer, and the three content policies: nothing at all for the API, the page's own files for
 * the page, and what Swagger UI needs besides for the page that shows the API. Neither scripts nor styles may be
 * inline: what xterm.js would write into style elements and attributes, the page turns into CSSOM calls
 * (web/terminal/styles-by-cssom.ts).
 */
import { changeHeaders } from "./answer-headers.ts";
import type { AppMiddleware } from "./context.ts";
import { isFilePath } from "./file-bodies.ts";

const common = Object.entries({
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
});

const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Adds the headers; an answer whose handler said nothing about caching is not stored. */
export const securityHeaders: AppMiddleware = async (c, next) => {
  await next();
  const isUpgrade = c.res.status === 101;
  if (isUpgrade) return;
  changeHeaders(c, (headers) => {
    for (const [name, value] of common) headers.set(name, value);
    headers.set("Content-Security-Policy", policyFor(c.req.path, c.req.url));
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
    headers.set("X-Request-ID", c.var.requestId);
  });
};

/** Whether a path belongs to the API; every other one is the page's. */
export function isApiPath(path: string): boolean {
  return /^\/(api|health|metrics|openapi\.json|\.well-known|dev)(\/|$)/.test(path);
}

/** By the path that the router went by, and so by what was answered. */
function policyFor(path: string, url: string): string {
  if (/^\/(api\/v1\/)?docs\/?$/.test(path)) return docsPolicy;
  if (isFilePath(path)) return `${apiPolicy}; sandbox`;
  return isApiPath(path) ? apiPolicy : pagePolicy(url);
}

/**
 * The pictures of its style sheet are data URLs. It writes the descriptions as HTML, which its sanitizer makes under a
 * policy of that name and web/docs/plain-html.ts, the default one, looks through again.
 */
const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types default dompurify",
].join("; ");

function pagePolicy(url: string): string {
  const { host, protocol } = new URL(url);
  const socketOrigin = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "manifest-src 'self'",
    `connect-src 'self' ${socketOrigin}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}
