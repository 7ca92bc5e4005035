/** POST /api/v1/environments/{id}/start, stop, restart, recover, extend. */
import { createRoute, z } from "@hono/zod-openapi";
import { phaseSchema, statusOf, statusSchema } from "../../../durable-objects/protocol/vocabulary.ts";
import { type Movement, moveEnvironment } from "../../domain/environments/act.ts";
import { extendEnvironment } from "../../domain/environments/auto-stop.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { newRouter } from "../../http/router.ts";
import { idParameter } from "./shapes.ts";

export const movements = newRouter();

const summaries: Record<Movement, string> = {
  start: "Start an environment; one that runs is simply answered",
  stop: "Stop an environment and keep its files; one that is stopped is simply answered",
  restart: "Restart a running environment, or one in error",
  recover: "Bring back an environment in error; one that runs is simply answered",
};

const movedSchema = z
  .object({ message: z.string(), status: statusSchema, phase: phaseSchema, status_message: z.string().nullable() })
  .openapi("Moved", {
    example: { message: "Environment is running", status: "running", phase: "running", status_message: null },
  });

for (const movement of Object.keys(summaries) as Movement[]) {
  movements.openapi(
    createRoute({
      method: "post",
      path: `/{id}/${movement}`,
      operationId: `${movement}Environment`,
      tags: ["environments"],
      summary: summaries[movement],
      middleware: [allowed("environments:write")],
      request: { params: idParameter },
      responses: {
        200: json(movedSchema, "Where it stands after waiting for it"),
        ...problems({
          403: "What does not run is over the plan's limit",
          404: "None of yours",
          409: "Its phase does not allow this; `allowed` tells what it does",
        }),
      },
    }),
    async (c) => {
      const row = await moveEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id, movement);
      const { phase, statusMessage } = row;
      const message = `Environment is ${phase}`;
      return c.json({ message, status: statusOf(phase), phase, status_message: statusMessage }, 200);
    },
  );
}

const extendedSchema = z
  .object({ message: z.string(), auto_stop_at: z.iso.datetime().nullable() })
  .openapi("Extended", { example: { message: "It goes on running", auto_stop_at: null } });

movements.openapi(
  createRoute({
    method: "post",
    path: "/{id}/extend",
    operationId: "extendEnvironment",
    tags: ["environments"],
    summary: "Keep an environment running that is about to stop by itself",
    description:
      "Counts as attendance. An end stays announced where hours are used up: those come with the next month.",
    middleware: [allowed("environments:write")],
    request: { params: idParameter },
    responses: {
      200: json(extendedSchema, "`auto_stop_at` tells the end that stays announced, if any"),
      ...problems({ 404: "None of yours", 409: "It does not run; `allowed` tells what it does" }),
    },
  }),
  async (c) => {
    const { autoStopAt, message } = await extendEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ message, auto_stop_at: autoStopAt?.toISOString() ?? null }, 200);
  },
);
