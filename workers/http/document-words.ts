/** Words and shared parts of the OpenAPI document that belong to no single route: tags, headers, ways to sign in. */

export const tags = [
  { name: "auth", description: "Making an account, signing in and out, refreshing tokens" },
  { name: "users", description: "One's own account" },
  { name: "environments", description: "Shells with a template, files and variables of their own" },
  { name: "windows", description: "The windows of a running environment, each with a shell of its own" },
  { name: "files", description: "The files of a running environment's workspace, for its owner" },
  { name: "templates", description: "What environments are made of" },
  { name: "clusters", description: "Where environments live" },
  { name: "sharing", description: "Environments that others watch or type in" },
  { name: "sockets", description: "WebSockets: terminals and log streams" },
  { name: "plans", description: "What a subscription allows" },
  { name: "admin", description: "For administrators" },
  { name: "system", description: "Health, features, this document" },
];

const count = (description: string) => ({ description, schema: { type: "integer" } });
const text = (description: string) => ({ description, schema: { type: "string" } });

export const headers = {
  "X-Request-ID": text("Names this request in our logs; a sane one that came with the request is echoed"),
  "Retry-After": count("Seconds after which trying again may help"),
  RateLimit: text('What is left of the limit and when it begins anew, in seconds: `"default";r=99;t=60`'),
  "RateLimit-Policy": text('The limit and its window in seconds: `"default";q=100;w=60`'),
  "X-RateLimit-Limit": count("Requests a minute"),
  "X-RateLimit-Remaining": count("Requests left in this minute"),
  ETag: text("Names this version, for If-None-Match and If-Match"),
  "Idempotency-Replayed": text("`true` when this is the answer of an earlier request under the same Idempotency-Key"),
  "X-RateLimit-Reset": count("When the minute ends, in Unix seconds"),
};

export const securitySchemes = {
  session: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The access token of a session, from signing in or refreshing",
  },
  scrapeToken: {
    type: "http",
    scheme: "bearer",
    description: "The token of the scraper (METRICS_TOKEN), for /metrics only",
  },
  personalToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "dp_pat_...",
    description: "A personal access token; the scopes named at an operation are those it needs",
  },
  queryToken: {
    type: "apiKey",
    in: "query",
    name: "token",
    description: "For WebSockets only, where a client cannot send headers",
  },
};
