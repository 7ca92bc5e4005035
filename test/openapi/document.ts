/** The OpenAPI document for tests that run in Node: what lints it and what builds clients from it cannot run in workerd. */
import { pathToFileURL } from "node:url";
import { root } from "../support/source-tree.ts";

export interface PlainDocument {
  paths: Record<string, Record<string, object>>;
  components: { schemas: Record<string, object> };
}

/** Reads the Worker's modules by an address that this folder's compiler does not follow: their types are workerd's. */
export async function makeDocument(): Promise<PlainDocument> {
  const load = async (path: string): Promise<unknown> => import(pathToFileURL(`${root}workers/${path}`).href);
  const { app } = (await load("app.ts")) as { app: unknown };
  const module = (await load("http/document.ts")) as { openApiDocument(app: unknown, publicUrl: null): PlainDocument };
  return JSON.parse(JSON.stringify(module.openApiDocument(app, null))) as PlainDocument;
}
