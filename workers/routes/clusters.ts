/** Everything under /api/v1/clusters. */
import { newRouter } from "../http/router.ts";
import { access } from "./clusters/access.ts";
import { changing } from "./clusters/changing.ts";
import { health } from "./clusters/health.ts";
import { reading } from "./clusters/reading.ts";
import { tokens } from "./clusters/tokens.ts";

export const clusters = newRouter();

for (const part of [reading, health, changing, access, tokens]) clusters.route("/", part);
