/** How the cluster's word on control reaches the terminals of an environment. */
import type { Log } from "../logging.ts";
import type { Control, TerminalRpc } from "../protocol/objects.ts";
import { timing } from "../protocol/timing.ts";
import { logsWindow, parseTerminalId } from "../protocol/vocabulary.ts";
import type { ControlReach } from "./control.ts";
import type { Wants } from "./wants.ts";

interface Means {
  /** Has its bridge leave a wanted terminal and come back to it. */
  assignAnew(terminal: string): void;
  onDue(): void;
}

export function controlReach(env: ObjectsEnv, log: Log, wants: Wants, { assignAnew, onDue }: Means): ControlReach {
  const terminalOf = (terminal: string): TerminalRpc => env.TERMINALS.getByName(terminal);

  /** Those that people are at and that have a shell. */
  function shellsOf(environmentId: string): string[] {
    return wants.ofEnvironment(environmentId).filter((terminal) => parseTerminalId(terminal).window !== logsWindow);
  }

  /**
   * One whose memory was just thrown away is told again. One that still cannot be reached, or does not answer, may let others
   * type: its bridge leaves it and comes back to it with leave that the cluster gives only together with how things stand then.
   */
  async function tellOne(terminal: string, control: Control): Promise<void> {
    const tell = () => terminalOf(terminal).control(control);
    try {
      await within(timing.controlToldMs, tell().catch(tell));
    } catch (error) {
      log("warn", "a terminal was not told who has control", { terminal, error: String(error) });
      if (wants.find(terminal) !== undefined) assignAnew(terminal);
    }
  }

  /** Who cannot be asked for is not taken to be gone. */
  async function isAt(terminal: string, userId: string): Promise<boolean> {
    try {
      return await within(timing.controlToldMs, terminalOf(terminal).mayTypeHere(userId));
    } catch (error) {
      log("warn", "a terminal was not asked who is there", { terminal, error: String(error) });
      return true;
    }
  }

  return {
    now: () => Date.now(),
    async tell(environmentId, control) {
      await Promise.all(shellsOf(environmentId).map((terminal) => tellOne(terminal, control)));
    },
    async isPresent(environmentId, userId) {
      const found = await Promise.all(shellsOf(environmentId).map((terminal) => isAt(terminal, userId)));
      return found.includes(true);
    },
    onDue,
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it does not answer")), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
