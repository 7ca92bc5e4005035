/** What the document says of the headers that requests for files heed; what they mean is in file-bodies.ts. */
import type { AppMiddleware } from "./context.ts";
import { describes } from "./describing.ts";

const header = (name: string, description: string) =>
  ({ name, in: "header", required: false, description, schema: { type: "string" } }) as const;

const goOn = (): AppMiddleware => (_c, next) => next();

/** For writes that may depend on what is there. */
export const conditionalWrite: AppMiddleware = describes(goOn(), {
  parameters: [
    header("If-Match", "Only over the version with this ETag, or over any with `*`: else 412"),
    header("If-None-Match", "`*`: only where there is no file yet: else 412"),
  ],
  problems: { 412: "The file is another one than If-Match or If-None-Match expects" },
});

/** For reads of a part, or of what somebody has not got yet. */
export const rangedRead: AppMiddleware = describes(goOn(), {
  parameters: [
    header("Range", "One range of bytes, such as `bytes=0-1023`"),
    header("If-Range", "The range counts only if the file has this ETag"),
    header("If-None-Match", "The ETag of what you have: 304 if it is still the same"),
  ],
  headers: ["ETag"],
});
