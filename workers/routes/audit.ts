/** /api/v1/audit for administrators: what was done, what was refused, and all of it as lines to take away. */
import { newRouter } from "../http/router.ts";
import { denials } from "./audit/denials.ts";
import { events } from "./audit/events.ts";
import { exporting } from "./audit/export.ts";

export const audits = newRouter();

for (const part of [events, denials, exporting]) audits.route("/", part);
