/** The document as it is served: under both paths, once per isolate, cached by who has it. */
import { describe, expect, it } from "vitest";
import { app } from "../../../workers/app.ts";
import { openApiDocument } from "../../../workers/http/document.ts";
import { newApi } from "../environments/world.ts";
import { call } from "../support/api.ts";
import { validateAnswer } from "../support/document.ts";

describe.each(["/openapi.json", "/api/v1/openapi.json"])("GET %s", (path) => {
  it("answers the document of this application", async () => {
    const answer = await call(`GET ${path}`);
    validateAnswer(`GET ${path}`, answer);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(openApiDocument(app, null))));
  });

  it("costs nothing the second time", async () => {
    const { headers } = await call(`GET ${path}`);
    expect(headers.get("cache-control")).toBe("public, max-age=60");
    const again = await call(`GET ${path}`, { headers: { "if-none-match": headers.get("etag") ?? "" } });
    expect([again.status, again.text]).toEqual([304, ""]);
  });
});

it("names the public address as the server where one is configured", async () => {
  const api = newApi({ PUBLIC_URL: "https://pocket.example" });
  const { body } = await api<{ servers: { url: string }[] }>("GET", "/openapi.json");
  expect(body.servers.map(({ url }) => url)).toEqual(["https://pocket.example"]);
});
