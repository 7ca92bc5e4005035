/**
 * A window's own terminal: a tmux session that holds this window and nothing else, with one client. It is linked rather
 * than grouped: a grouped session would show another window when its own is closed, and what is typed would reach that.
 * This one ends with its window, by tmux itself, and with its client, also when the bridge was killed.
 */
import { randomUUID } from "node:crypto";
import { RuntimeFailure, type TerminalSize } from "../runtime.ts";
import { ClientStream } from "./client-stream.ts";
import { SizeVote } from "./size-vote.ts";
import { attachArguments, ignoreUnavailable, run, type TmuxServer, windowSize } from "./tmux.ts";

class PinnedStream extends ClientStream {
  readonly #vote: SizeVote;

  constructor(server: TmuxServer, args: string[], size: TerminalSize, hasVote: boolean) {
    super(server, args, size);
    this.#vote = new SizeVote(server, this.pid, hasVote);
    this.onExit(() => this.#vote.end());
  }

  override setVote(hasVote: boolean): void {
    this.#vote.set(hasVote);
  }
}

/**
 * Attaches a client to `window` (`w3`), which tmux calls `target`. A client of before is detached. One without a size does
 * not keep the window at the size it has now.
 */
export async function attachPinned(
  server: TmuxServer,
  window: string,
  target: string,
  size: TerminalSize | null,
): Promise<ClientStream> {
  const asked = size ?? (await windowSize(server, target));
  await endSessions(server, `pin-${window}-`);
  const name = `pin-${window}-${randomUUID().slice(0, 8)}`;
  await link(server, name, target);
  const untilLeft = [";", "set-option", "-t", `=${name}:`, "destroy-unattached", "on"];
  const flags = size === null ? ["-f", "ignore-size"] : [];
  const args = [...attachArguments(server, `=${name}`, flags), ...untilLeft];
  const stream = new PinnedStream(server, args, asked, size !== null);
  // One that was closed before it had attached leaves the session to us.
  stream.onExit(() => void endSessions(server, name));
  return stream;
}

/** A session cannot begin empty: what it begins with gives its place to the window at once. */
async function link(server: TmuxServer, name: string, target: string): Promise<void> {
  const begin = ["new-session", "-d", "-s", name, "--", "cat", ";"];
  try {
    await run(server, [...begin, "link-window", "-k", "-s", target, "-t", `=${name}:^`]);
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    await endSessions(server, name);
    throw new RuntimeFailure("window_not_found", "The window was closed");
  }
}

/** The windows in them live on where they are linked. */
async function endSessions(server: TmuxServer, prefix: string): Promise<void> {
  const printed = await run(server, ["list-sessions", "-F", "#{session_name}"]).catch(ignoreUnavailable);
  const names = (printed ?? "").split("\n").filter((name) => name.startsWith(prefix));
  for (const name of names) await run(server, ["kill-session", "-t", `=${name}`]).catch(ignoreUnavailable);
}
