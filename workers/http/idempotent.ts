/** `Idempotency-Key` on routes that create something (draft-ietf-httpapi-idempotency-key-header). */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type GivenAnswer, giveTurnBack, keepTurn, takeTurn } from "../domain/idempotency.ts";
import { Failed, rootCause } from "../rules/failures.ts";
import type { AppContext, AppMiddleware } from "./context.ts";
import { describes } from "./describing.ts";

const fitKey = /^[\x20-\x7E]{1,255}$/;

/**
 * For routes that create something, named after whoever says who asks. A request without the header is as ever. An
 * open route may name this only if its body holds a secret (domain/idempotency.ts tells why).
 */
export const idempotent: AppMiddleware = describes(answerOnce, {
  parameters: [
    {
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "Repeat the request with the same key when its answer was lost: it has one effect. Kept 24 hours.",
      schema: { type: "string", minLength: 1, maxLength: 255 },
    },
  ],
  problems: {
    409: "The first request under this Idempotency-Key is still at work",
    422: "The Idempotency-Key was used for another request",
  },
  headers: ["Idempotency-Replayed"],
});

async function answerOnce(c: AppContext, next: () => Promise<void>): Promise<Response | undefined> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) {
    await next();
    return;
  }
  const turn = await takeTurn(c.var.deps, await requestOf(c, key));
  if (turn.kind === "repeated") return replay(c, turn.answer);
  await next();
  const isKept = c.error === undefined && c.res.ok;
  // Whoever waits for this answer must not wait for nothing; the effect stands whatever becomes of the note.
  const noted = isKept ? keepTurn(c.var.deps, turn.claim, await answerOf(c)) : giveTurnBack(c.var.deps, turn.claim);
  await noted.catch((error: unknown) => {
    c.var.deps.log("error", "idempotent answer was not kept", { error: rootCause(error).message });
  });
  return;
}

async function requestOf(c: AppContext, key: string) {
  if (!fitKey.test(key)) {
    const message = "must be 1 to 255 printable ASCII characters";
    throw new Failed({ kind: "invalid_input", errors: [{ field: "Idempotency-Key", message, code: "invalid_key" }] });
  }
  const userId = c.var.principal?.userId ?? null;
  return { userId, route: `${c.req.method} ${c.req.path}`, key, body: await c.req.text() };
}

async function answerOf(c: AppContext): Promise<GivenAnswer> {
  const contentType = c.res.headers.get("content-type");
  return { status: c.res.status, contentType, body: await c.res.clone().text() };
}

function replay(c: AppContext, { status, contentType, body }: GivenAnswer): Response {
  if (contentType !== null) c.header("Content-Type", contentType);
  c.header("Idempotency-Replayed", "true");
  return c.body(body, status as ContentfulStatusCode);
}
