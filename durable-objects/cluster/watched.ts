/**
 * What a cluster's object has to tell the terminals that people are at, all of them at once. Those that nobody watches are left
 * asleep, and one that cannot be reached does not keep the others from it.
 */
import type { Log } from "../logging.ts";
import type { EnvironmentUpdate, TerminalRpc } from "../protocol/objects.ts";
import { parseTerminalId } from "../protocol/vocabulary.ts";
import type { Wants } from "./wants.ts";

export class WatchedTerminals {
  readonly #env: Pick<ObjectsEnv, "TERMINALS">;
  readonly #log: Log;
  readonly #wants: Wants;

  constructor(env: Pick<ObjectsEnv, "TERMINALS">, log: Log, wants: Wants) {
    this.#env = env;
    this.#log = log;
    this.#wants = wants;
  }

  async announce(updates: readonly EnvironmentUpdate[]): Promise<void> {
    const told = new Map(updates.map(({ environmentId, update }) => [environmentId, update]));
    const updateFor = (terminal: string) => told.get(parseTerminalId(terminal).environmentId);
    const watched = this.#wants.terminals().filter((terminal) => updateFor(terminal) !== undefined);
    await this.#each(watched, async (rpc, terminal) => {
      const update = updateFor(terminal);
      if (update !== undefined) await rpc.announce(update);
    });
  }

  /** Closes every socket at these terminals, whose environment was deleted. */
  end(terminals: readonly string[]): Promise<void> {
    return this.#each(terminals, (rpc) => rpc.end("all", "environmentDeleted"));
  }

  /** Closes the data sockets that were opened with this token. */
  revoke(bridgeTokenId: string): Promise<void> {
    return this.#each(this.#wants.terminals(), (rpc) => rpc.revoke(bridgeTokenId));
  }

  async #each(
    terminals: readonly string[],
    call: (rpc: TerminalRpc, terminal: string) => Promise<void>,
  ): Promise<void> {
    const calls = terminals.map((terminal) => call(this.#env.TERMINALS.getByName(terminal), terminal));
    const results = await Promise.allSettled(calls);
    for (const [index, result] of results.entries()) {
      if (result.status === "rejected") {
        this.#log("warn", "a terminal was not reached", { terminal: terminals[index], error: String(result.reason) });
      }
    }
  }
}
