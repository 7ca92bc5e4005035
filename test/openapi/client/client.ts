/**
 * What somebody writes who has our document and openapi-typescript: a client whose calls, bodies and answers are typed.
 * It is compiled by its own TypeScript against types that client.test.ts generates, and then run against the server.
 */
import createClient from "openapi-fetch";
import type { components, paths } from "../../../dist/openapi-client/schema.d.ts";

type Environment = components["schemas"]["Environment"];

/** Registers, signs in, lists and reads; answers what it saw. */
export async function walk(baseUrl: string, username: string) {
  const client = createClient<paths>({ baseUrl });
  const password = "SecurePass123!";
  const registration = { username, email: `${username}@example.com`, password };
  const { data: registered } = await client.POST("/api/v1/auth/register", {
    body: registration,
    params: { header: { "Idempotency-Key": username } },
  });
  const { data: signedIn } = await client.POST("/api/v1/auth/login", {
    body: { username_or_email: username, password },
  });
  client.use({
    onRequest({ request }) {
      request.headers.set("authorization", `Bearer ${signedIn?.access_token}`);
    },
  });
  const { data: list, response } = await client.GET("/api/v1/environments", { params: { query: { limit: 5 } } });
  const environments: Environment[] = list?.environments ?? [];
  const { error } = await client.GET("/api/v1/environments/{id}", { params: { path: { id: "env_none" } } });
  return {
    registeredId: registered?.user.id,
    signedInId: signedIn?.user.id,
    environments: environments.length,
    total: list?.pagination.total,
    etag: response.headers.get("etag"),
    code: error?.code,
  };
}

/** Never run: each line is a mistake that the types have to find. */
export async function mistakes(baseUrl: string) {
  const client = createClient<paths>({ baseUrl });
  // @ts-expect-error no such path
  await client.GET("/api/v1/environment");
  // @ts-expect-error the path knows no such method
  await client.DELETE("/api/v1/auth/login");
  // @ts-expect-error a password is required
  await client.POST("/api/v1/auth/register", { body: { username: "ada", email: "ada@example.com" } });
  // @ts-expect-error the id is missing
  await client.GET("/api/v1/environments/{id}", {});
  // @ts-expect-error a limit is a number
  await client.GET("/api/v1/environments", { params: { query: { limit: "5" } } });
  // @ts-expect-error there is no scope for everything
  await client.POST("/api/v1/auth/tokens", { body: { name: "script", scopes: ["everything"] } });
  const { data } = await client.GET("/api/v1/auth/me");
  // @ts-expect-error no answer has a hash
  return data?.password_hash;
}
