/** Lets a scraper in by its own token (METRICS_TOKEN). No user's token opens /metrics, and this one nothing else. */
import { timingSafeEqual } from "node:crypto";
import { limitScrape } from "../domain/limits.ts";
import { Failed } from "../rules/failures.ts";
import { hashOf } from "../rules/tokens.ts";
import { bearerToken } from "./authenticate.ts";
import { addressOf } from "./client-address.ts";
import type { AppContext } from "./context.ts";
import { describes } from "./describing.ts";
import { limitedBy, toldLimit } from "./limits.ts";

/** Anything but the token is 401, and so is everything where none is set; tries count for their address. */
export const scraper = describes(
  async (c, next) => {
    const asked = limitScrape(c.var.deps, addressOf(c));
    const refusal = refusalOf(c);
    await limitedBy(c, refusal === null ? next : async () => {}, asked);
    if (refusal !== null) throw refusal;
  },
  {
    security: [{ scrapeToken: [] }],
    problems: { 401: "Not the scraper's token, or none is set up", ...toldLimit.problems },
    headers: toldLimit.headers,
  },
);

function refusalOf(c: AppContext): Failed | null {
  const token = bearerToken(c);
  if (token === null) return new Failed({ kind: "unauthenticated", reason: "missing" });
  const { metricsToken } = c.var.deps.config;
  const isRight = metricsToken !== null && isSame(token, metricsToken);
  return isRight ? null : new Failed({ kind: "unauthenticated", reason: "invalid" });
}

/** Hashes have one length, and comparing them takes the same time wherever they differ. */
function isSame(shown: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(shown)), Buffer.from(hashOf(expected)));
}
