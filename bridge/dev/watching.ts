/** The scripts as they are watched from outside: who holds their ports, and whether they answer. */
import { groupMembers, processArguments, processStart } from "./proc.ts";

/** What one request was answered; `isWorker` tells our answers, which carry a request id, from wrangler's own. */
export interface Answer {
  status: number;
  isWorker: boolean;
}

/** Null when nobody answered in time. */
export async function ask(url: string, withinMs: number): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(withinMs),
      headers: { "user-agent": "devpocket-dev" },
    });
    await response.arrayBuffer();
    return { status: response.status, isWorker: response.headers.has("x-request-id") };
  } catch {
    // Refused, reset or late are all the same here: no answer.
    return null;
  }
}

const lookEveryMs = 250;

/**
 * Calls back when the workerd that holds our port has died. Wrangler puts others in its place by itself, but behind
 * a new holder of the port requests hang. A reload of the code changes other workerds, never this one.
 */
export function watchPortHolder(port: number, pidOf: () => number | null, onDeath: () => Promise<void>): () => void {
  let holder: { pid: number; wrangler: number } | null = null;
  function look(): void {
    const wrangler = pidOf();
    if (wrangler === null || holder?.wrangler !== wrangler) holder = null;
    if (wrangler === null) return;
    if (holder === null) {
      const pid = groupMembers(wrangler).find((member) => holdsPort(member, port));
      if (pid !== undefined) holder = { pid, wrangler };
    } else if (processStart(holder.pid) === null) {
      holder = null;
      void onDeath();
    }
  }
  look();
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}

function holdsPort(pid: number, port: number): boolean {
  return processArguments(pid).some((word) => word.startsWith("--socket-addr=entry=") && word.endsWith(`:${port}`));
}

const askEveryMs = 1_000;
const answersWithinMs = 4_000;
/**
 * A minute at most. On a busy machine a reload of changed code holds requests for a quarter of one, and to start again what
 * would have answered cuts everybody's terminal. A workerd that died is noticed at once, by its port.
 */
const missesAllowed = 12;
/** A fresh start gets time for its bundling. */
const missesAfterStart = -10;

/** Calls back whenever nothing has answered as it should several times in a row, though the process may live. */
export function watchAnswers(
  url: string,
  isAnswer: (answer: Answer) => boolean,
  pidOf: () => number | null,
  onSilence: () => Promise<void>,
): () => void {
  let misses = 0;
  let pid = pidOf();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  async function look(): Promise<void> {
    const answer = await ask(url, answersWithinMs);
    misses = answer !== null && isAnswer(answer) ? 0 : misses + 1;
    if (pid !== pidOf()) misses = missesAfterStart;
    pid = pidOf();
    if (misses >= missesAllowed && !isOver) {
      misses = missesAfterStart;
      await onSilence();
    }
    if (!isOver) timer = setTimeout(look, askEveryMs);
  }
  timer = setTimeout(look, askEveryMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
