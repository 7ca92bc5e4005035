/** A window's own terminal on a PTY of this machine. */
import type { TerminalSize } from "../runtime.ts";
import { type Pin, pinWindow } from "../tmux/pinned.ts";
import { SizeVote } from "../tmux/size-vote.ts";
import { ClientStream } from "./client-stream.ts";
import { clientArguments, type LocalTmux } from "./tmux.ts";

class PinnedStream extends ClientStream {
  readonly #vote: SizeVote;

  constructor(tmux: LocalTmux, { session, command, size }: Pin, hasVote: boolean) {
    super(tmux, clientArguments(tmux, command), size);
    this.#vote = new SizeVote(tmux, session, hasVote);
    this.onExit(() => this.#vote.end());
  }

  override setVote(hasVote: boolean): void {
    this.#vote.set(hasVote);
  }
}

/** Attaches a client to `window` (`w3`), which tmux calls `target`, as tmux/pinned.ts says. */
export async function attachPinned(
  tmux: LocalTmux,
  window: string,
  target: string,
  size: TerminalSize | null,
): Promise<ClientStream> {
  const pin = await pinWindow(tmux, window, target, size);
  const stream = new PinnedStream(tmux, pin, size !== null);
  stream.onExit(() => void pin.end());
  return stream;
}
