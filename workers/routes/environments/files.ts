/** Everything under /api/v1/environments/{id}/files. */
import { newRouter } from "../../http/router.ts";
import { archives } from "./files/archives.ts";
import { content } from "./files/content.ts";
import { tree } from "./files/tree.ts";
import { uploads } from "./files/uploads.ts";

export const files = newRouter();

for (const part of [tree, content, archives, uploads]) files.route("/", part);
