/**
 * Whether one tmux client counts for the size of its window. It is told once tmux knows the client, which it does some time
 * after it was started; of what is wished meanwhile the newest counts.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ignoreUnavailable, listClients, run, type TmuxServer } from "./tmux.ts";

const askAgainMs = 50;

export class SizeVote {
  readonly #server: TmuxServer;
  readonly #pid: number;
  #has: boolean;
  #wanted: boolean;
  #isBusy = false;
  #isOver = false;

  /** `has` is what the client was attached with. */
  constructor(server: TmuxServer, pid: number, has: boolean) {
    this.#server = server;
    this.#pid = pid;
    this.#has = has;
    this.#wanted = has;
  }

  set(wanted: boolean): void {
    this.#wanted = wanted;
    if (!this.#isBusy) void this.#follow();
  }

  /** The client has ended. */
  end(): void {
    this.#isOver = true;
  }

  async #follow(): Promise<void> {
    this.#isBusy = true;
    while (this.#wanted !== this.#has && !this.#isOver) {
      if (!(await this.#apply(this.#wanted))) await delay(askAgainMs);
    }
    this.#isBusy = false;
  }

  async #apply(wanted: boolean): Promise<boolean> {
    try {
      const client = (await listClients(this.#server)).find(({ pid }) => pid === this.#pid);
      if (client === undefined) return false;
      const flag = wanted ? "!ignore-size" : "ignore-size";
      await run(this.#server, ["refresh-client", "-t", client.tty, "-f", flag]);
      this.#has = wanted;
      return true;
    } catch (error) {
      ignoreUnavailable(error);
      return false;
    }
  }
}
