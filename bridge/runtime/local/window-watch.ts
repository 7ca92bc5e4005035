/**
 * Notices that windows have changed without asking: tmux writes to a file of its environment whenever that happens
 * (tmux.conf), and the file is watched. Idle, this costs no process and no timer.
 */
import { watch } from "node:fs";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { RuntimeFailure } from "../runtime.ts";

/** As tmux.conf has it. */
const file = "windows";

/**
 * Calls back with the windows, once at the beginning and whenever they have changed; returns how to stop. While there
 * are none (the environment does not run) it is silent.
 */
export function followWindows(
  directory: string,
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

  const watcher = watchDirectory(directory);
  watcher.on("change", (_event, name) => {
    if (String(name) === file) lookSoon();
  });
  // The directory goes with its environment.
  watcher.on("error", () => watcher.close());
  void lookAlone();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    watcher.close();
  };
}

function watchDirectory(directory: string) {
  try {
    return watch(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RuntimeFailure("unavailable", `The windows cannot be followed (${code})`);
  }
}

function ignoreFailure(error: unknown): undefined {
  if (!(error instanceof RuntimeFailure)) throw error;
}
