/** GET and POST /api/v1/environments/{id}/windows, PATCH and DELETE of one. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  paneSchema,
  windowDirectorySchema,
  windowInFullSchema,
  windowNameSchema,
  windowPositionSchema,
} from "../../../durable-objects/protocol/windows.ts";
import { changeWindow, closeWindow, createWindow, readWindows } from "../../domain/environments/windows.ts";
import { body, json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { idempotent } from "../../http/idempotent.ts";
import { newRouter } from "../../http/router.ts";
import { messageSchema } from "../account-shapes.ts";
import { idParameter } from "./shapes.ts";

export const windows = newRouter();

const paneExample = {
  id: "p3",
  is_active: true,
  pid: 4711,
  command: "vim",
  title: "notes.md",
  cwd: "/workspace/notes",
  cols: 80,
  rows: 24,
};
const windowExample = { id: "w3", name: "notes", position: 1, is_active: true, panes: [paneExample] };

const windowSchema = windowInFullSchema
  .extend({
    panes: z.array(
      // A schema of the protocol may be older than `openapi`; one made of it here has it.
      paneSchema
        .extend({})
        .openapi("Pane", { description: "`pid` is of the pane's first process", example: paneExample }),
    ),
  })
  .openapi("Window", {
    description: "`id` is valid while the environment runs; `is_active` is the one that the terminal `main` shows",
    example: windowExample,
  });
const windowsSchema = z
  .object({ windows: z.array(windowSchema) })
  .openapi("WindowList", { example: { windows: [windowExample] } });

const refusals = {
  404: "None of yours, or no such window",
  409: "The environment does not run; `allowed` tells what it does",
  503: "No bridge of the cluster answers",
} as const;

windows.openapi(
  createRoute({
    method: "get",
    path: "/{id}/windows",
    operationId: "listWindows",
    tags: ["windows"],
    summary: "The windows of an environment in their order, with their panes",
    middleware: [allowed("terminal")],
    request: { params: idParameter },
    responses: {
      200: json(windowsSchema, "At most 50, with 16 panes each"),
      ...problems({ ...refusals, 404: "None of yours" }),
    },
  }),
  async (c) => c.json({ windows: await readWindows(c.var.deps, c.var.principal, c.req.valid("param").id) }, 200),
);

const creationSchema = z
  .object({
    name: windowNameSchema.optional().openapi({ description: "Shown as it is typed; nothing in it is ever run" }),
    cwd: windowDirectorySchema.optional().openapi({ description: "Absolute, or from the workspace" }),
    is_active: z.boolean().optional().openapi({ description: "Whether the terminal `main` shows it at once" }),
  })
  .openapi("WindowCreation", { example: { name: "server", cwd: "api", is_active: true } });

windows.openapi(
  createRoute({
    method: "post",
    path: "/{id}/windows",
    operationId: "createWindow",
    tags: ["windows"],
    summary: "Open a window with a shell of its own, behind the others",
    middleware: [allowed("terminal"), idempotent],
    request: { params: idParameter, body: body(creationSchema) },
    responses: {
      201: json(windowSchema, "Opened"),
      ...problems({
        ...refusals,
        400: "A field is wrong, or `cwd` is no directory of the environment",
        403: "There are 20 windows already",
        404: "None of yours",
      }),
    },
  }),
  async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await createWindow(c.var.deps, c.var.principal, id, c.req.valid("json")), 201);
  },
);

/** Any text: one that is no id is an unknown id. */
const windowParameter = idParameter.extend({ window_id: z.string() });

const changeSchema = z
  .object({
    name: windowNameSchema.optional(),
    position: windowPositionSchema.optional().openapi({ description: "From 0; beyond the last means the last" }),
    is_active: z.literal(true).optional().openapi({ description: "Select it: the terminal `main` shows it" }),
  })
  .openapi("WindowChange", { example: { name: "api", position: 0, is_active: true } });

windows.openapi(
  createRoute({
    method: "patch",
    path: "/{id}/windows/{window_id}",
    operationId: "changeWindow",
    tags: ["windows"],
    summary: "Rename, move or select a window; what is left out stays",
    middleware: [allowed("terminal")],
    request: { params: windowParameter, body: body(changeSchema) },
    responses: { 200: json(windowSchema, "As it is now"), ...problems({ ...refusals, 400: "A field is wrong" }) },
  }),
  async (c) => {
    const { id, window_id: window } = c.req.valid("param");
    return c.json(await changeWindow(c.var.deps, c.var.principal, id, window, c.req.valid("json")), 200);
  },
);

windows.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/windows/{window_id}",
    operationId: "closeWindow",
    tags: ["windows"],
    summary: "Close a window and end what runs in it",
    middleware: [allowed("terminal")],
    request: { params: windowParameter },
    responses: {
      200: json(messageSchema, "Closed"),
      ...problems({ ...refusals, 409: "It is the last one, or the environment does not run" }),
    },
  }),
  async (c) => {
    const { id, window_id: window } = c.req.valid("param");
    await closeWindow(c.var.deps, c.var.principal, id, window);
    return c.json({ message: "Window closed" }, 200);
  },
);
