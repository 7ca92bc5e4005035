/**
 * Whether one tmux client counts for the size of its window. It is told once tmux knows the client, which it does some time
 * after it was started; of what is wished meanwhile the newest counts.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ignoreUnavailable, type TmuxDoor } from "./door.ts";
import { listClients } from "./session.ts";

const askAgainMs = 50;

export class SizeVote {
  readonly #door: TmuxDoor;
  readonly #session: string;
  #has: boolean;
  #wanted: boolean;
  #isBusy = false;
  #isOver = false;

  /** Of the one client of a session; `has` is what it was attached with. */
  constructor(door: TmuxDoor, session: string, has: boolean) {
    this.#door = door;
    this.#session = session;
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
      const [client] = await listClients(this.#door, this.#session);
      if (client === undefined) return false;
      const flag = wanted ? "!ignore-size" : "ignore-size";
      await this.#door.run(["refresh-client", "-t", client.tty, "-f", flag]);
      this.#has = wanted;
      return true;
    } catch (error) {
      ignoreUnavailable(error);
      return false;
    }
  }
}
