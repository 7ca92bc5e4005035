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

  async function look(): Promise<void> {
    timer = undefined;
    const windows = await list().catch(ignoreFailure);
    if (isStopped || windows === undefined) return;
    const now = JSON.stringify(windows.map(({ panes, ...tab }) => tab));
    if (now === told) return;
    told = now;
    listener(windows);
  }

  const watcher = watchDirectory(directory);
  watcher.on("change", (_event, name) => {
    if (String(name) === file && !isStopped) timer ??= setTimeout(() => void look(), timing.windowsGapMs);
  });
  // The directory goes with its environment.
  watcher.on("error", () => watcher.close());
  void look();
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
