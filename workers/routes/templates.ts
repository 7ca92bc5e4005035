/** Everything under /api/v1/templates. */
import { newRouter } from "../http/router.ts";
import { changing } from "./templates/changing.ts";
import { checking } from "./templates/checking.ts";
import { compatibility } from "./templates/compatibility.ts";
import { reading } from "./templates/reading.ts";

export const templates = newRouter();

// `checking` holds words that stand where an id would.
for (const part of [checking, reading, compatibility, changing]) templates.route("/", part);
