/**
 * The coarse first layer of limits: Cloudflare's own counter, asked before a request has cost anything. It counts for
 * each location apart, so it is no documented limit but what a flood runs into.
 */
import type { LimitConfig } from "./config.ts";

/** Requests a minute from one address, as wrangler.toml says for the binding; above every plan's own limit. */
export const floodRequestsPerMinute = 6_000;

/** The platform's rate-limit binding. */
export interface FloodCounter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** Whoever lets one address ask more than the binding would (a benchmark) has no use for it. */
export function isFloodCounted(limits: Pick<LimitConfig, "addressRequestsPerMinute">): boolean {
  return limits.addressRequestsPerMinute < floodRequestsPerMinute;
}
