/** Tells what the windows of an environment are whenever something has noticed that they may have changed. */
import { timing } from "../../../durable-objects/protocol/timing.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { RuntimeFailure } from "../runtime.ts";

/** Calls back whenever windows may have changed; returns how to stop. */
export type WatchWindows = (onChange: () => void) => () => void;

/**
 * Calls back with the windows, once at the beginning and whenever they have changed; returns how to stop. While there
 * are none (the environment does not run) it is silent.
 */
export function followWindows(
  watch: WatchWindows,
  list: () => Promise<WindowInFull[]>,
  listener: (windows: WindowInFull[]) => void,
): () => void {
  let told = "";
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isLooking = false;
  let isOneMoreDue = false;

  /** One look at a time, however long tmux takes to answer; whatever changes meanwhile makes for one more. */
  function lookSoon(): void {
    if (isLooking) isOneMoreDue = true;
    else if (!isStopped) timer ??= setTimeout(() => void lookAlone(), timing.windowsGapMs);
  }

  async function lookAlone(): Promise<void> {
    timer = undefined;
    isLooking = true;
    isOneMoreDue = false;
    await look().finally(() => {
      isLooking = false;
    });
    if (isOneMoreDue) lookSoon();
  }

  async function look(): Promise<void> {
    const windows = await list().catch(ignoreFailure);
    if (isStopped || windows === undefined) return;
    const now = JSON.stringify(windows.map(({ panes, ...tab }) => tab));
    if (now === told) return;
    told = now;
    listener(windows);
  }

  const stopWatching = watch(lookSoon);
  void lookAlone();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    stopWatching();
  };
}

function ignoreFailure(error: unknown): undefined {
  if (!(error instanceof RuntimeFailure)) throw error;
}
