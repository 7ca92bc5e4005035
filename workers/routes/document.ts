/** GET /openapi.json (also under /api/v1) and the pages that show it: /docs and /api/v1/docs to try, /redoc to read. */
import { createHash } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import { json } from "../http/answers.ts";
import type { AppContext } from "../http/context.ts";
import type { Document } from "../http/document.ts";
import { limitedByAddress } from "../http/limits.ts";
import { newRouter } from "../http/router.ts";
import { keptForAMinute } from "../http/shared-caching.ts";
import { notModified } from "../http/versions.ts";

const documentSchema = z
  .looseObject({ openapi: z.string(), info: z.looseObject({ title: z.string(), version: z.string() }) })
  .openapi("OpenApiDocument", {
    description: "OpenAPI 3.1",
    example: { openapi: "3.1.0", info: { title: "DevPocket API", version: "1.0.0" }, paths: {} },
  });

interface Sources {
  makeDocument(publicUrl: string | null): Document;
  /** The built page of this name. */
  readPage(c: AppContext, name: "docs" | "redoc"): Promise<Response>;
}

/** The routes; the document is made once per isolate, since it needs every route of the application. */
export function documentRoutes({ makeDocument, readPage }: Sources) {
  const router = newRouter();
  let made: { text: string; etag: string; publicUrl: string | null } | null = null;

  const written = (publicUrl: string | null) => {
    if (made?.publicUrl === publicUrl) return made;
    const text = JSON.stringify(makeDocument(publicUrl));
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    made = { text, etag, publicUrl };
    return made;
  };

  for (const [path, operationId] of Object.entries({
    "/openapi.json": "getDocument",
    "/api/v1/openapi.json": "getApiDocument",
  })) {
    router.openapi(
      createRoute({
        method: "get",
        path,
        operationId,
        tags: ["system"],
        summary: "This document",
        middleware: [limitedByAddress, keptForAMinute] as const,
        responses: { 200: json(documentSchema, "Everything this server answers"), 304: notModified },
      }),
      (c) => {
        const { text, etag } = written(c.var.deps.config.publicUrl);
        return c.body(text, 200, { "Content-Type": "application/json", ETag: etag });
      },
    );
  }

  for (const { path, operationId, page, summary } of pages) {
    router.openapi(
      createRoute({
        method: "get",
        path,
        operationId,
        tags: ["system"],
        summary,
        middleware: [limitedByAddress] as const,
        responses: {
          200: { description: "A page", content: { "text/html": { schema: z.string() } } },
          304: notModified,
        },
      }),
      async (c): Promise<Response> => readPage(c, page),
    );
  }

  return router;
}

const pages = [
  { path: "/docs", operationId: "getDocs", page: "docs", summary: "This document, with every operation to try" },
  { path: "/api/v1/docs", operationId: "getApiDocs", page: "docs", summary: "The same page as /docs" },
  { path: "/redoc", operationId: "getReading", page: "redoc", summary: "This document, to read" },
] as const;
