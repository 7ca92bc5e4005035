/** /api/v1/users: one's own account. The password is changed under three paths, for clients of different ages. */
import { createRoute, z } from "@hono/zod-openapi";
import { statusOf, statusSchema } from "../../durable-objects/protocol/vocabulary.ts";
import { leave } from "../domain/accounts/leave.ts";
import { changePassword, changeProfile } from "../domain/accounts/profile.ts";
import { readOwnStats } from "../domain/accounts/stats.ts";
import { body, json, problems } from "../http/answers.ts";
import { allowed, authenticated } from "../http/authenticate.ts";
import { addressOf } from "../http/client-address.ts";
import { newRouter } from "../http/router.ts";
import {
  avatarUrl,
  fullName,
  messageSchema,
  newPassword,
  toUser,
  typedPassword,
  username,
  userSchema,
  userVersion,
} from "./account-shapes.ts";

const profileSchema = z
  .object({ full_name: fullName.optional(), username: username.optional(), avatar_url: avatarUrl.optional() })
  .openapi("ProfileChange", { example: { full_name: "Ada King" } });

const activityExample = {
  environment_id: "env_k3v9q0z7w1m5x8r2t6y4",
  name: "my-app",
  status: "running",
  timestamp: "2026-10-20T12:00:00.000Z",
};
const activitySchema = z
  .object({ environment_id: z.string(), name: z.string(), status: statusSchema, timestamp: z.iso.datetime() })
  .openapi("Activity", { example: activityExample });

const statsSchema = z
  .object({
    total_environments: z.number().int(),
    environments_by_status: z.record(statusSchema, z.number().int()),
    active_sessions: z.number().int(),
    recent_activity: z.array(activitySchema),
  })
  .openapi("Stats", {
    example: {
      total_environments: 1,
      environments_by_status: { creating: 0, running: 1, stopped: 0, terminated: 0, error: 0 },
      active_sessions: 2,
      recent_activity: [activityExample],
    },
  });

const passwordsSchema = z
  .object({ current_password: typedPassword, new_password: newPassword })
  .openapi("PasswordChange", { example: { current_password: "SecurePass123!", new_password: "OtherPass456!" } });

const leavingSchema = z
  .object({ password: typedPassword.optional() })
  .openapi("Leaving", { example: { password: "SecurePass123!" } });

export const users = newRouter();

users.openapi(
  createRoute({
    method: "get",
    path: "/users/me",
    operationId: "getOwnAccount",
    tags: ["users"],
    summary: "One's own account",
    middleware: [allowed("account:read"), userVersion.read] as const,
    responses: { 200: json(userSchema, "The signed-in person") },
  }),
  (c) => c.json(toUser(c.var.principal.account), 200),
);

users.openapi(
  createRoute({
    method: "put",
    path: "/users/me",
    operationId: "updateOwnAccount",
    tags: ["users"],
    summary: "Change one's name or picture; what is left out stays",
    middleware: [allowed("account:write"), userVersion.write] as const,
    request: { body: body(profileSchema) },
    responses: {
      200: json(userSchema, "The account after the change"),
      ...problems({ 409: "The user name is taken" }),
    },
  }),
  async (c) => {
    const { full_name: name, username: nickname, avatar_url: picture } = c.req.valid("json");
    const change = { fullName: name, username: nickname, avatarUrl: picture };
    const expected = userVersion.expected(c);
    expected?.(toUser(c.var.principal.account));
    return c.json(toUser(await changeProfile(c.var.deps, c.var.principal, change, expected !== undefined)), 200);
  },
);

users.openapi(
  createRoute({
    method: "delete",
    path: "/users/me",
    operationId: "deleteOwnAccount",
    tags: ["users"],
    summary: "Leave: environments are deleted, every session ends, the account names nobody any more",
    middleware: [authenticated] as const,
    request: { body: body(leavingSchema) },
    responses: {
      200: json(messageSchema, "The account is gone"),
      ...problems({ 403: "Without a password, within 15 minutes of signing in only" }),
    },
  }),
  async (c) => {
    const { password } = c.req.valid("json");
    await leave(c.var.deps, c.var.principal, { password, address: addressOf(c) });
    return c.json({ message: "Account deleted successfully" }, 200);
  },
);

users.openapi(
  createRoute({
    method: "get",
    path: "/users/me/stats",
    operationId: "getOwnStats",
    tags: ["users"],
    summary: "How much one has and uses",
    middleware: [allowed("account:read")] as const,
    responses: { 200: json(statsSchema, "Environments by status, live sessions, what was used last") },
  }),
  async (c) => {
    const stats = await readOwnStats(c.var.deps, c.var.principal);
    const recent_activity = stats.recent.map(({ environmentId: environment_id, name, phase, at }) => ({
      environment_id,
      name,
      status: statusOf(phase),
      timestamp: at.toISOString(),
    }));
    const { totalEnvironments: total_environments, activeSessions: active_sessions } = stats;
    const environments_by_status = stats.environmentsByStatus;
    return c.json({ total_environments, environments_by_status, active_sessions, recent_activity }, 200);
  },
);

const passwordPaths = {
  "/auth/change-password": "changePassword",
  "/users/change-password": "changeUserPassword",
  "/users/me/change-password": "changeOwnPassword",
};

for (const [path, operationId] of Object.entries(passwordPaths)) {
  users.openapi(
    createRoute({
      method: "post",
      path,
      operationId,
      tags: ["users"],
      summary: "Change the password; every other session and every personal token ends",
      middleware: [authenticated] as const,
      request: { body: body(passwordsSchema) },
      responses: {
        200: json(messageSchema, "The password has changed"),
        ...problems({ 400: "Current password is incorrect, or the new one breaks a rule" }),
      },
    }),
    async (c) => {
      const { current_password: current, new_password: next } = c.req.valid("json");
      await changePassword(c.var.deps, c.var.principal, { current, next, address: addressOf(c) });
      return c.json({ message: "Password changed successfully" }, 200);
    },
  );
}
