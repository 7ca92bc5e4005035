/** /api/v1/users: one's own account. The password is changed under three paths, for clients of different ages. */
import { createRoute, z } from "@hono/zod-openapi";
import { statuses, statusOf } from "../../durable-objects/protocol/vocabulary.ts";
import { leave } from "../domain/accounts/leave.ts";
import { changePassword, changeProfile } from "../domain/accounts/profile.ts";
import { readOwnStats } from "../domain/accounts/stats.ts";
import { allowed, authenticated } from "../http/authenticate.ts";
import { addressOf } from "../http/client-address.ts";
import { bearer, newRouter } from "../http/router.ts";
import {
  avatarUrl,
  bodyOf,
  fullName,
  jsonOf,
  messageSchema,
  newPassword,
  toUser,
  typedPassword,
  username,
  userSchema,
} from "./account-shapes.ts";

const profileSchema = z.object({
  full_name: fullName.optional(),
  username: username.optional(),
  avatar_url: avatarUrl.optional(),
});

const statsSchema = z.object({
  total_environments: z.number().int(),
  environments_by_status: z.record(z.enum(statuses), z.number().int()),
  active_sessions: z.number().int(),
  recent_activity: z.array(
    z.object({ environment_id: z.string(), name: z.string(), status: z.enum(statuses), timestamp: z.string() }),
  ),
});

const passwordsSchema = z.object({ current_password: typedPassword, new_password: newPassword });

export const users = newRouter();

users.openapi(
  createRoute({
    method: "get",
    path: "/users/me",
    tags: ["users"],
    summary: "One's own account",
    security: bearer,
    middleware: [allowed("account:read")] as const,
    responses: { 200: jsonOf(userSchema, "The signed-in person") },
  }),
  (c) => c.json(toUser(c.var.principal.account), 200),
);

users.openapi(
  createRoute({
    method: "put",
    path: "/users/me",
    tags: ["users"],
    summary: "Change one's name or picture; what is left out stays",
    security: bearer,
    middleware: [allowed("account:write")] as const,
    request: { body: bodyOf(profileSchema) },
    responses: {
      200: jsonOf(userSchema, "The account after the change"),
      409: { description: "The user name is taken" },
    },
  }),
  async (c) => {
    const { full_name: name, username: nickname, avatar_url: picture } = c.req.valid("json");
    const change = { fullName: name, username: nickname, avatarUrl: picture };
    return c.json(toUser(await changeProfile(c.var.deps, c.var.principal, change)), 200);
  },
);

users.openapi(
  createRoute({
    method: "delete",
    path: "/users/me",
    tags: ["users"],
    summary: "Leave: environments are deleted, every session ends, the account names nobody any more",
    security: bearer,
    middleware: [authenticated] as const,
    request: { body: bodyOf(z.object({ password: typedPassword.optional() })) },
    responses: {
      200: jsonOf(messageSchema, "The account is gone"),
      403: { description: "Without a password, within 15 minutes of signing in only" },
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
    tags: ["users"],
    summary: "How much one has and uses",
    security: bearer,
    middleware: [allowed("account:read")] as const,
    responses: { 200: jsonOf(statsSchema, "Environments by status, live sessions, what was used last") },
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

for (const path of ["/auth/change-password", "/users/change-password", "/users/me/change-password"]) {
  users.openapi(
    createRoute({
      method: "post",
      path,
      tags: ["users"],
      summary: "Change the password; every other session ends",
      security: bearer,
      middleware: [authenticated] as const,
      request: { body: bodyOf(passwordsSchema) },
      responses: {
        200: jsonOf(messageSchema, "The password has changed"),
        400: { description: "Current password is incorrect, or the new one breaks a rule" },
      },
    }),
    async (c) => {
      const { current_password: current, new_password: next } = c.req.valid("json");
      await changePassword(c.var.deps, c.var.principal, { current, next, address: addressOf(c) });
      return c.json({ message: "Password changed successfully" }, 200);
    },
  );
}
