/** Comes back to a shell as a client does after a cut. */
import { vi } from "vitest";
import type { Person, Terminal } from "./person.ts";

/** Dials until a terminal shows a live screen. */
export async function reopenTerminal(person: Person, environmentId: string): Promise<Terminal> {
  return vi.waitUntil(
    async () => {
      const terminal = await person.openTerminal(environmentId).catch(() => null);
      if (!terminal) return null;
      terminal.type("\r");
      const isLive = await terminal.sees(/[$#] *$/, 5_000).then(
        () => true,
        () => false,
      );
      if (isLive) return terminal;
      await terminal.close();
      return null;
    },
    { timeout: 50_000, interval: 250 },
  ) as Promise<Terminal>;
}

export async function shellPid(terminal: Terminal): Promise<string> {
  terminal.type("clear; echo pid=$$.\r");
  return /pid=(\d+)\./.exec(await terminal.sees(/pid=\d+\./))?.[1] as string;
}
