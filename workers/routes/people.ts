/** /api/v1/users for administrators: find people, change role, plan and whether they may act, unlock. */
import { createRoute, z } from "@hono/zod-openapi";
import { administerPerson, type PersonRow, readPeople, readPerson, unlockPerson } from "../domain/accounts/people.ts";
import { body, json, problems } from "../http/answers.ts";
import { administrator } from "../http/authenticate.ts";
import { pageSchema, paginationOf, paginationSchema } from "../http/paging.ts";
import { newRouter } from "../http/router.ts";
import { toUser, userSchema } from "./account-shapes.ts";

const roleSchema = z.enum(["user", "admin"]);
const planSchema = z.string().min(1).max(64);
const flagSchema = z.enum(["true", "false"]).transform((text) => text === "true");

const personExample = {
  id: "usr_4k2m9x7p1q8w5e3r6t0y",
  username: "ada",
  email: "ada@example.com",
  full_name: "Ada Lovelace",
  is_active: true,
  is_verified: true,
  avatar_url: null,
  role: "user" as const,
  subscription_plan: "starter",
  created_at: "2026-11-02T08:00:00.000Z",
  last_login: "2026-11-12T08:00:00.000Z",
  environments_count: 2,
  locked_until: null,
};

const personSchema = userSchema
  .extend({
    environments_count: z.number().int(),
    locked_until: z.iso.datetime().nullable().openapi({ description: "While wrong passwords keep the account locked" }),
  })
  .openapi("Person", { example: personExample });

const peopleSchema = z.object({ users: z.array(personSchema), pagination: paginationSchema }).openapi("People", {
  example: { users: [personExample], pagination: { total: 1, limit: 20, offset: 0, has_more: false } },
});

const changeSchema = z
  .object({ role: roleSchema.optional(), subscription_plan: planSchema.optional(), is_active: z.boolean().optional() })
  .openapi("PersonChange", { example: { subscription_plan: "pro" } });

const filterSchema = pageSchema.extend({
  search: z.string().trim().max(100).optional().openapi({ description: "Beginning of a user name or e-mail address" }),
  role: roleSchema.optional(),
  plan: planSchema.optional(),
  is_active: flagSchema.optional(),
  is_verified: flagSchema.optional(),
});

const idParameter = z.object({ id: z.string().max(64) });
const guard = { tags: ["admin"], middleware: [administrator] };

export const people = newRouter();

people.openapi(
  createRoute({
    ...guard,
    method: "get",
    path: "/users",
    operationId: "listUsers",
    summary: "Everybody with an account, newest first",
    request: { query: filterSchema },
    responses: {
      200: json(peopleSchema, "A page of them"),
    },
  }),
  async (c) => {
    const { is_active: isActive, is_verified: isVerified, ...rest } = c.req.valid("query");
    const { rows, total } = await readPeople(c.var.deps, { isActive, isVerified, ...rest });
    return c.json({ users: rows.map(toPerson), pagination: paginationOf(rest, total) }, 200);
  },
);

people.openapi(
  createRoute({
    ...guard,
    method: "get",
    path: "/users/{id}",
    operationId: "getUser",
    summary: "One account",
    request: { params: idParameter },
    responses: {
      200: json(personSchema, "The account"),
      ...problems({ 404: "Unknown user" }),
    },
  }),
  async (c) => c.json(toPerson(await readPerson(c.var.deps, c.req.valid("param").id)), 200),
);

people.openapi(
  createRoute({
    ...guard,
    method: "patch",
    path: "/users/{id}",
    operationId: "changeUser",
    summary: "Change role or plan, disable or enable; counts from the person's next request",
    request: { params: idParameter, body: body(changeSchema) },
    responses: {
      200: json(personSchema, "The account after the change"),
      ...problems({
        400: "A value is wrong, or there is no such plan",
        403: "Only for administrators, and nobody takes their own rights",
        404: "Unknown user",
        409: "This is the last active administrator",
      }),
    },
  }),
  async (c) => {
    const { role, subscription_plan: plan, is_active: isActive } = c.req.valid("json");
    const { id } = c.req.valid("param");
    return c.json(toPerson(await administerPerson(c.var.deps, c.var.principal, id, { role, plan, isActive })), 200);
  },
);

people.openapi(
  createRoute({
    ...guard,
    method: "post",
    path: "/users/{id}/unlock",
    operationId: "unlockUser",
    summary: "Forget wrong passwords, so that the person may sign in at once",
    request: { params: idParameter },
    responses: {
      200: json(personSchema, "The account, unlocked"),
      ...problems({ 404: "Unknown user" }),
    },
  }),
  async (c) => c.json(toPerson(await unlockPerson(c.var.deps, c.var.principal, c.req.valid("param").id)), 200),
);

function toPerson(row: PersonRow): z.infer<typeof personSchema> {
  return {
    ...toUser(row),
    environments_count: row.environments,
    locked_until: row.lockedUntil?.toISOString() ?? null,
  };
}
