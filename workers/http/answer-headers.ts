/**
 * Adds to an answer that a handler has made, in place: every other way (`c.header`, a new `Response`) copies the answer
 * with all its headers for each of them.
 */
import type { AppContext } from "./context.ts";

/** Lets `change` write the answer's headers. One that came from elsewhere, such as an asset, is copied first. */
export function changeHeaders(c: AppContext, change: (headers: Headers) => void): void {
  try {
    change(c.res.headers);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const copy = new Response(c.res.body, c.res);
    c.res = undefined;
    c.res = copy;
    change(copy.headers);
  }
}
