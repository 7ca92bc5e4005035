/** Comes back to a shell as a client does after a cut. */
import { vi } from "vitest";
import type { Person, Terminal } from "./person.ts";

const showsWithinMs = 15_000;

/** Dials until a terminal shows a live screen: who comes is shown one only by a bridge that answers. */
export async function reopenTerminal(person: Person, environmentId: string): Promise<Terminal> {
  return vi.waitUntil(
    async () => {
      const terminal = await person.openTerminal(environmentId).catch(() => null);
      if (!terminal) return null;
      terminal.type("\r");
      const isLive = await Promise.race([
        terminal.sees(/[$#] *$/, showsWithinMs).then(() => true),
        terminal.closed(showsWithinMs).then(() => false),
      ]).catch(() => false);
      if (isLive) return terminal;
      await terminal.close();
      return null;
    },
    { timeout: 50_000, interval: 250 },
  ) as Promise<Terminal>;
}

let asked = 0;

/** Asks the shell for its process. What it said before may still be on the screen, so each time by another mark. */
export async function shellPid(terminal: Terminal): Promise<string> {
  asked += 1;
  const answer = new RegExp(`^pid-${asked}=(\\d+)\\.$`, "m");
  terminal.type(`clear; echo pid-${asked}=$$.\r`);
  return answer.exec(await terminal.sees(answer))?.[1] ?? "";
}
