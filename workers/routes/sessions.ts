/** /api/v1/auth/sessions: where one is signed in, and signing out from there. */
import { createRoute, z } from "@hono/zod-openapi";
import { endOtherSessions, endOwnSession, readOwnSessions } from "../domain/accounts/own-sessions.ts";
import { json, problems } from "../http/answers.ts";
import { authenticated } from "../http/authenticate.ts";
import { newRouter } from "../http/router.ts";
import { messageSchema } from "./account-shapes.ts";

const sessionSchema = z
  .object({
    id: z.string(),
    current: z.boolean().openapi({ description: "Whether it is the session that asks" }),
    created_at: z.string(),
    last_seen: z.string().openapi({ description: "Written at most every 5 minutes" }),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    method: z.enum(["password", "google"]),
  })
  .openapi("Session");

const sessionsSchema = z.object({ sessions: z.array(sessionSchema) }).openapi("Sessions", {
  example: {
    sessions: [
      {
        id: "ses_0123456789abcdefghij",
        current: true,
        created_at: "2026-11-24T08:00:00.000Z",
        last_seen: "2026-11-24T09:30:00.000Z",
        address: "203.0.113.7",
        user_agent: "DevPocket/1.0 (Android)",
        method: "password",
      },
    ],
  },
});

export const sessions = newRouter();

sessions.openapi(
  createRoute({
    method: "get",
    path: "/sessions",
    operationId: "listSessions",
    tags: ["auth"],
    summary: "Where you are signed in, the session seen last first",
    middleware: [authenticated] as const,
    responses: { 200: json(sessionsSchema, "At most 100 sessions") },
  }),
  async (c) => {
    const { sessionId } = c.var.principal;
    const own = await readOwnSessions(c.var.deps, c.var.principal);
    const listed = own.map((session) => ({
      id: session.id,
      current: session.id === sessionId,
      created_at: session.createdAt.toISOString(),
      last_seen: session.lastSeenAt.toISOString(),
      address: session.address,
      user_agent: session.userAgent,
      method: session.method,
    }));
    return c.json({ sessions: listed }, 200);
  },
);

sessions.openapi(
  createRoute({
    method: "delete",
    path: "/sessions",
    operationId: "endOtherSessions",
    tags: ["auth"],
    summary: "Sign out everywhere but here; personal tokens go on",
    middleware: [authenticated] as const,
    responses: {
      200: json(messageSchema, "Every other session and its sockets have ended", {
        message: "Signed out of 2 other sessions",
      }),
    },
  }),
  async (c) => {
    const ended = await endOtherSessions(c.var.deps, c.var.principal);
    return c.json({ message: `Signed out of ${ended} other session${ended === 1 ? "" : "s"}` }, 200);
  },
);

sessions.openapi(
  createRoute({
    method: "delete",
    path: "/sessions/{id}",
    operationId: "endSession",
    tags: ["auth"],
    summary: "Sign out of one session; this one too, if it is named",
    middleware: [authenticated] as const,
    request: { params: z.object({ id: z.string().openapi({ example: "ses_0123456789abcdefghij" }) }) },
    responses: {
      200: json(messageSchema, "The session and its sockets have ended", { message: "The session has ended" }),
      ...problems({ 404: "None of yours that lives" }),
    },
  }),
  async (c) => {
    await endOwnSession(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ message: "The session has ended" }, 200);
  },
);
