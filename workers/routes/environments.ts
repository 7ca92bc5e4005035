/** Everything under /api/v1/environments. */
import { newRouter } from "../http/router.ts";
import { collection } from "./environments/collection.ts";
import { files } from "./environments/files.ts";
import { insight } from "./environments/insight.ts";
import { movements } from "./environments/movements.ts";
import { environmentShares } from "./environments/shares.ts";
import { single } from "./environments/single.ts";
import { windows } from "./environments/windows.ts";

export const environments = newRouter();

for (const part of [collection, single, movements, insight, windows, files, environmentShares])
  environments.route("/", part);
