/** Keeps one child running: when it ends it is started again, later and later while it keeps ending early. */
import type { Running } from "./child.ts";
import { say } from "./output.ts";

export interface Supervised {
  /** The child's process number, null while there is none. */
  pid(): number | null;
  /** Ends the child at once, which is then started again. */
  restart(why: string): Promise<void>;
  /** Ends the child for good. */
  stop(): Promise<void>;
}

const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** A child that lived this long is healthy: its next end counts as the first. */
const healthyAfterMs = 30_000;

/** The first start may reject; later ones are tried again for ever. */
export async function supervise(name: string, start: () => Promise<Running>): Promise<Supervised> {
  let current: Running | null = null;
  let isStopping = false;
  let delayMs = firstDelayMs;
  let timer: NodeJS.Timeout | undefined;

  function adopt(running: Running): void {
    const startedAt = performance.now();
    current = running;
    running.onExit((how) => {
      current = null;
      if (performance.now() - startedAt > healthyAfterMs) delayMs = firstDelayMs;
      again(how);
    });
  }

  function again(how: string): void {
    if (isStopping) return;
    say(`${name} ${how}: starting it again in ${delayMs} ms`);
    timer = setTimeout(begin, delayMs);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }

  function begin(): void {
    start().then(
      (running) => (isStopping ? running.stop() : adopt(running)),
      (error: Error) => again(`could not be started (${error.message})`),
    );
  }

  adopt(await start());
  return {
    pid: () => current?.pid ?? null,
    restart: async (why) => {
      say(`${name} ${why}`);
      await current?.stop(0);
    },
    stop: async () => {
      isStopping = true;
      clearTimeout(timer);
      await current?.stop();
    },
  };
}
