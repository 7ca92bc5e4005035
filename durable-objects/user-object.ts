/** The platform shell of one user: who may open a socket, what ends when, and how to reach every device. */
import { DurableObject } from "cloudflare:workers";
import type { ServerMessage } from "./protocol/client.ts";
import type { CloseName } from "./protocol/closes.ts";
import type { Admission, SocketEntry, SocketSelector, UserRpc } from "./protocol/objects.ts";
import { byTerminal, isSelected, Register } from "./user-register.ts";

/** An admitted socket may take this long to arrive at its object before it can count as gone. */
const arrivalMs = 10_000;

export class UserObject extends DurableObject<ObjectsEnv> implements UserRpc {
  readonly #register: Register;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#register = new Register(ctx.storage.sql);
  }

  async admit(entry: SocketEntry, maxSockets: number): Promise<Admission> {
    if (this.#register.list().length >= maxSockets) await this.#forgetDead();
    const close = this.#register.endOf(entry);
    if (close !== null) return { kind: "refused", close };
    if (this.#register.list().length >= maxSockets) return { kind: "refused", close: "tooManySockets" };
    this.#register.add(entry, Date.now());
    return { kind: "admitted" };
  }

  async release(socketId: string): Promise<void> {
    this.#register.remove([socketId]);
  }

  /** What an object could not be told to close stays listed, and the call fails. */
  async end(selector: SocketSelector, close: CloseName): Promise<void> {
    this.#register.addEnd(selector, close, Date.now());
    const selected = byTerminal(this.#register.list().filter((entry) => isSelected(entry, selector)));
    await Promise.all(
      [...selected].map(async ([terminal, ids]) => {
        await this.env.TERMINALS.getByName(terminal).end(ids, close);
        this.#register.remove(ids);
      }),
    );
  }

  async tell(message: ServerMessage): Promise<void> {
    const groups = byTerminal(this.#register.list());
    await Promise.all(
      [...groups].map(([terminal, ids]) => this.env.TERMINALS.getByName(terminal).announce(message, ids)),
    );
  }

  async openSockets(): Promise<SocketEntry[]> {
    return this.#register.list();
  }

  /** Asks the listed objects which sockets they really hold; one that does not answer keeps its sockets. */
  async #forgetDead(): Promise<void> {
    const arrived = this.#register.list().filter((entry) => entry.admittedAtMs < Date.now() - arrivalMs);
    const checks = [...byTerminal(arrived)].map(async ([terminal, ids]) => {
      const alive = new Set(await this.env.TERMINALS.getByName(terminal).alive(ids));
      this.#register.remove(ids.filter((id) => !alive.has(id)));
    });
    await Promise.allSettled(checks);
  }
}
