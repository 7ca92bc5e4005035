/** What is the same for everybody may be kept by whoever it passes. */
import { changeHeaders } from "./answer-headers.ts";
import type { AppMiddleware } from "./context.ts";

/** For public reads: their answers may be up to a minute old. */
export const keptForAMinute: AppMiddleware = async (c, next) => {
  await next();
  if (c.res.status === 200 || c.res.status === 304)
    changeHeaders(c, (own) => own.set("Cache-Control", "public, max-age=60"));
};
