/** Waiting for what somebody else does, in tests and outside them; a fake clock does not stop it. */

const { setTimeout: later } = globalThis;

/** How many times longer everything may take than on the machines these tests were written on: a real cluster may be slow. */
export const patience = Number(process.env["DEVPOCKET_TEST_PATIENCE"]) || 1;

/** What `look` finds, as soon as it is something. Throws after `timeout` milliseconds. */
export async function waitUntil<T>(
  look: () => T | Promise<T>,
  { timeout, interval = 20 }: { timeout: number; interval?: number },
): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found) return found as NonNullable<Exclude<T, false>>;
    if (performance.now() > end) throw new Error(`waited ${timeout} ms in vain`);
    await new Promise((resolve) => later(resolve, interval));
  }
}
