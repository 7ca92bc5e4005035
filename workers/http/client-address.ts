/** Where a request came from: only what Cloudflare says counts; a client can write X-Forwarded-For itself. */
import { unknownAddress } from "../rules/devices.ts";
import type { AppContext } from "./context.ts";

/** The client's address, or `unknown` where no Cloudflare stands in front. */
export function addressOf(c: AppContext): string {
  return c.req.header("cf-connecting-ip") ?? unknownAddress;
}
