/**
 * A window's own terminal: a tmux session that holds this window and nothing else, with one client. It is linked rather
 * than grouped: a grouped session would show another window when its own is closed, and what is typed would reach that.
 * This one ends with its window, by tmux itself, and with its client, also when the bridge was killed.
 */
import { randomUUID } from "node:crypto";
import { RuntimeFailure, type TerminalSize } from "../runtime.ts";
import { ask, ignoreUnavailable, mainSession, type TmuxDoor } from "./door.ts";
import { attachCommand, windowSize } from "./session.ts";

export interface Pin {
  session: string;
  /** How its one client attaches. */
  command: string[];
  size: TerminalSize;
  /** Ends the session; to be called when the client has ended, for one that was closed before it had attached. */
  end(): Promise<void>;
}

/**
 * Pins `window` (`w3`), which tmux calls `target`. A client of before is detached. One without a size does not keep the
 * window at the size it has now.
 */
export async function pinWindow(
  door: TmuxDoor,
  window: string,
  target: string,
  size: TerminalSize | null,
): Promise<Pin> {
  const asked = size ?? (await windowSize(door, target));
  await endSessions(door, `pin-${window}-`);
  const name = `pin-${window}-${randomUUID().slice(0, 8)}`;
  await link(door, name, target);
  const untilLeft = [";", "set-option", "-t", `=${name}:`, "destroy-unattached", "on"];
  const flags = size === null ? ["-f", "ignore-size"] : [];
  const command = [...attachCommand(`=${name}`, flags), ...untilLeft];
  return { session: name, command, size: asked, end: () => endSessions(door, name) };
}

/** A session cannot begin empty: what it begins with gives its place to the window at once. */
async function link(door: TmuxDoor, name: string, target: string): Promise<void> {
  const begin = ["new-session", "-d", "-s", name, "--", "cat", ";"];
  try {
    await door.run([...begin, "link-window", "-k", "-s", target, "-t", `=${name}:^`]);
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    await endSessions(door, name);
    // What failed on the way says nothing about the window.
    if (await isThere(door, target)) throw error;
    throw new RuntimeFailure("window_not_found", "The window was closed");
  }
}

async function isThere(door: TmuxDoor, target: string): Promise<boolean> {
  const printed = await ask(door, ["list-windows", "-t", mainSession, "-F", `${mainSession}:#{window_id}`]);
  return printed.split("\n").includes(target);
}

/** The windows in them live on where they are linked. */
async function endSessions(door: TmuxDoor, prefix: string): Promise<void> {
  const printed = await ask(door, ["list-sessions", "-F", "#{session_name}"]).catch(ignoreUnavailable);
  const names = (printed ?? "").split("\n").filter((name) => name.startsWith(prefix));
  for (const name of names) await door.run(["kill-session", "-t", `=${name}`]).catch(ignoreUnavailable);
}
