/** GET /.well-known/jwks.json: the public keys that our tokens are signed with, for whoever wants to check one. */
import { createRoute, z } from "@hono/zod-openapi";
import { json } from "../http/answers.ts";
import { limitedByAddress } from "../http/limits.ts";
import { newRouter } from "../http/router.ts";
import { publicKeys } from "../rules/tokens.ts";

/** A rotation lists the new key as the second one for this long before it becomes the first, so that caches know it. */
const cacheSeconds = 300;

const keySetSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        kid: z.string(),
        x: z.string(),
        alg: z.literal("EdDSA"),
        use: z.literal("sig"),
      }),
    ),
  })
  .openapi("KeySet", {
    example: {
      keys: [
        {
          kty: "OKP",
          crv: "Ed25519",
          kid: "2026-11",
          x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
          alg: "EdDSA",
          use: "sig",
        },
      ],
    },
  });

export const wellKnown = newRouter();

wellKnown.openapi(
  createRoute({
    method: "get",
    path: "/jwks.json",
    operationId: "getKeySet",
    tags: ["system"],
    summary: "The public keys of access and refresh tokens, as a JSON Web Key set",
    middleware: [limitedByAddress] as const,
    responses: { 200: json(keySetSchema, "Every key that tokens may be signed with now") },
  }),
  (c) => {
    c.header("Cache-Control", `public, max-age=${cacheSeconds}`);
    return c.json({ keys: publicKeys(c.var.deps.config.tokens) }, 200);
  },
);
