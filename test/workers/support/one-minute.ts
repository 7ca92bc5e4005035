/**
 * The limits' window slides by estimate: of requests that lie on both sides of a full minute it may let one more through
 * (@upstash/ratelimit, "sliding window"). What counts to the request has to happen within one.
 */
const minute = () => Math.floor(Date.now() / 60_000);

/** Runs a test's body again, with names and addresses of its own, if a minute ended while it failed. */
export async function withinOneMinute(body: () => Promise<void>): Promise<void> {
  const begun = minute();
  try {
    await body();
  } catch (error) {
    if (minute() === begun) throw error;
    await withinOneMinute(body);
  }
}
