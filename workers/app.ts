/** Wires middleware and routes into one application; the page's files answer where no route does. */
import type { Hono } from "hono";
import { createDeps, randomText } from "./deps.ts";
import { BadConfiguration, readAssets, readFloodCounter } from "./env.ts";
import type { AppContext, AppEnv } from "./http/context.ts";
import { crossOrigin } from "./http/cross-origin.ts";
import { dialect } from "./http/dialect.ts";
import { openApiDocument } from "./http/document.ts";
import { answerError, answerFailure, limitedBody, unhandledFailure } from "./http/failing.ts";
import { refuseFloods } from "./http/floods.ts";
import { refuseUnfitUrl } from "./http/input-bounds.ts";
import { limitHeaders } from "./http/limits.ts";
import { problemResponse } from "./http/problem-response.ts";
import { RememberingRouter } from "./http/remembering-router.ts";
import { requestScope } from "./http/request-scope.ts";
import { newRouter } from "./http/router.ts";
import { isApiPath, securityHeaders } from "./http/security-headers.ts";
import { unknownUpgrades } from "./http/upgrades.ts";
import { audits } from "./routes/audit.ts";
import { auth } from "./routes/auth.ts";
import { bridge } from "./routes/bridge.ts";
import { bridgeSockets } from "./routes/bridge-sockets.ts";
import { bridgeTransfers } from "./routes/bridge-transfers.ts";
import { clusters } from "./routes/clusters.ts";
import { dev } from "./routes/dev.ts";
import { documentRoutes } from "./routes/document.ts";
import { environments } from "./routes/environments.ts";
import { google } from "./routes/google.ts";
import { apiHealth, health, info } from "./routes/health.ts";
import { mail } from "./routes/mail.ts";
import { metrics } from "./routes/metrics.ts";
import { people } from "./routes/people.ts";
import { personalTokens } from "./routes/personal-tokens.ts";
import { plans } from "./routes/plans.ts";
import { sessions } from "./routes/sessions.ts";
import { shares } from "./routes/shares.ts";
import { sockets } from "./routes/sockets.ts";
import { templates } from "./routes/templates.ts";
import { tickets } from "./routes/tickets.ts";
import { users } from "./routes/users.ts";
import { wellKnown } from "./routes/well-known.ts";

const requestIdLength = 20;

export const app = newRouter({ router: new RememberingRouter() });

app.onError(answerAnyError);
app.notFound(answerUnhandled);
app.use(securityHeaders);
app.use(requestScope(createDeps, () => randomText(requestIdLength)));
app.use(refuseFloods(readFloodCounter));
// Sockets stand above whatever adds headers to an answer: one that carries a socket cannot be rebuilt.
app.route("/api/v1/ws", sockets);
app.route("/api/v1/bridge", bridgeSockets);
app.route("/api/v1/bridge", bridgeTransfers);
app.use(unknownUpgrades);
app.use(crossOrigin);
app.use(limitHeaders);
app.use(limitedBody);

app.use("/health/*", refuseUnfitUrl);
app.route("/health", health);
app.route("/", metrics);
app.route("/.well-known", wellKnown);
app.route("/dev", dev);

// Bridge routes speak a strict protocol: they are mounted above the dialect of the public API.
app.route("/api/v1/bridge", bridge);

app.use("/api/v1/*", refuseUnfitUrl, dialect);
app.route("/api/v1/health", apiHealth);
app.route("/api/v1", info);
app.route("/api/v1/auth", auth);
app.route("/api/v1/auth", sessions);
app.route("/api/v1/auth", personalTokens);
app.route("/api/v1/auth", google);
app.route("/api/v1/auth", mail);
app.route("/api/v1/ws", tickets);
app.route("/api/v1", users);
app.route("/api/v1", plans);
// After /users/me, which is nobody's id.
app.route("/api/v1", people);
app.route("/api/v1/audit", audits);
app.route("/api/v1/templates", templates);
app.route("/api/v1/clusters", clusters);
app.route("/api/v1/environments", environments);
app.route("/api/v1", shares);

app.route(
  "/",
  documentRoutes({
    makeDocument: (publicUrl) => openApiDocument(app, publicUrl),
    readPage: (c, name) => readAsset(c, new URL(`/${name}`, c.req.url)),
  }),
);

function answerAnyError(error: Error, c: AppContext): Response {
  if (!(error instanceof BadConfiguration)) return answerError(error, c);
  console.error(error.message);
  const context = { requestId: c.var.requestId, path: c.req.path, now: new Date() };
  return problemResponse({ kind: "misconfigured" }, context);
}

async function answerUnhandled(c: AppContext): Promise<Response> {
  const failure = unhandledFailure(app as Hono<AppEnv>, c.req.path);
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  if (isApiPath(c.req.path) || !isRead || failure.kind === "method_not_allowed") return answerFailure(c, failure);
  const asset = await readAssets(c.env).fetch(c.req.raw);
  return asset.status === 404 ? answerFailure(c, failure) : asset;
}

/** One of the page's files, by the address that its name has among the assets. */
async function readAsset(c: AppContext, address: URL): Promise<Response> {
  const asset = await readAssets(c.env).fetch(new Request(address, { headers: c.req.raw.headers }));
  return asset.status === 404 ? answerFailure(c, { kind: "not_found", what: "route" }) : asset;
}
