/** The shape of every error answer in the OpenAPI document; problem-response.ts writes what it describes. */
import { z } from "@hono/zod-openapi";

const fieldErrorSchema = z
  .object({
    field: z.string(),
    message: z.string(),
    code: z.string(),
    line: z.number().int().optional().openapi({ description: "In YAML, from 1" }),
    column: z.number().int().optional(),
  })
  .openapi("FieldError", {
    example: { field: "email", message: "Enter a valid e-mail address", code: "invalid_format" },
  });

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().openapi({ description: "For people" }),
    instance: z.string(),
    error: z.string().openapi({ description: "The reason phrase, or the validation summary" }),
    message: z.string().openapi({ description: "The same as `detail`" }),
    code: z.string().openapi({ description: "Stable, for programs, e.g. `quota_exceeded`" }),
    errors: z.array(fieldErrorSchema).optional().openapi({ description: "After a failed validation: every field" }),
    timestamp: z.iso.datetime(),
    path: z.string(),
    request_id: z.string(),
    retry_after: z.number().int().optional().openapi({ description: "Seconds, with 429 and 503" }),
  })
  .openapi("Problem", {
    description: "RFC 9457, with the members that older clients read. A failure may add members of its own.",
    example: {
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "Environment not found",
      instance: "/api/v1/environments/env_0000000000example00",
      error: "Not Found",
      message: "Environment not found",
      code: "not_found",
      timestamp: "2026-10-20T12:00:00.000Z",
      path: "/api/v1/environments/env_0000000000example00",
      request_id: "k3v9q0z7w1m5x8r2t6y4",
    },
  });
