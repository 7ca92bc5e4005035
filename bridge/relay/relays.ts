/**
 * All terminals of this bridge: one relay for every environment of its own that runs or is watched, one data socket for every
 * terminal that is wanted. Told what is its own and what is wanted (the link) and what runs (the reconcile loop).
 */
import type { ObservedEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { Assignment } from "../../durable-objects/protocol/bridge-link.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { logsWindow, mainWindow, parseTerminalId, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import type { Edge } from "../socket.ts";
import type { RelayContext } from "./context.ts";
import { DataSocket, type DataSocketEvents } from "./data-socket.ts";
import { Farewells } from "./farewells.ts";
import { LogRelay } from "./log-relay.ts";
import { TerminalRelay } from "./terminal-relay.ts";

/** Which part of the environments is this bridge's. */
export interface Part {
  isOurs(environmentId: string): boolean;
  /** Whether that is known of late: another bridge may serve them otherwise. */
  readonly isCertain: boolean;
}

export class Relays {
  readonly #edge: Edge;
  readonly #context: RelayContext;
  readonly #part: Part;
  readonly #onRelayed: DataSocketEvents["onRelayed"];
  readonly #terminals = new Map<string, TerminalRelay>();
  readonly #logs = new Map<string, LogRelay>();
  readonly #sockets = new Map<string, DataSocket>();
  /** Terminals of single windows that nobody watches: their viewers may be in a tunnel. */
  readonly #farewells = new Farewells(timing.pinnedKeptMs);
  /** Sockets that are no longer wanted of this bridge: the one that takes over has them closed. */
  readonly #handOvers = new Farewells(timing.handOverMs);
  #onEmptied = () => {};
  /** When somebody last typed or ceased to watch, by environment. */
  readonly #attended = new Map<string, Date>();
  #running = new Set<string>();

  constructor(edge: Edge, context: RelayContext, part: Part, onRelayed: DataSocketEvents["onRelayed"]) {
    this.#edge = edge;
    this.#context = context;
    this.#part = part;
    this.#onRelayed = onRelayed;
  }

  /** How many terminals and logs are watched, and how many data sockets are open for them. */
  get counts(): { wanted: number; open: number } {
    const open = [...this.#sockets.values()].filter((socket) => socket.isOpen).length;
    return { wanted: this.#sockets.size, open };
  }

  /** The full list of watched terminals: opens what is new, hands over what is no longer there. */
  want(wanted: readonly Assignment[]): void {
    const byTerminal = new Map(wanted.map((assignment) => [assignment.terminal, assignment]));
    for (const [terminal, socket] of this.#sockets) {
      const assignment = byTerminal.get(terminal);
      if (assignment?.assignment === socket.assignment.assignment) this.#handOvers.cancel(terminal);
      else if (assignment !== undefined || socket.isOver) this.#give(terminal);
      else this.#handOvers.begin(terminal, () => this.#give(terminal));
    }
    for (const assignment of wanted) {
      if (this.#sockets.has(assignment.terminal)) continue;
      this.#sockets.set(assignment.terminal, this.#dial(assignment));
    }
  }

  /** Its part has changed, or is known again. */
  placed(): void {
    this.#attachOwn();
  }

  /** Serves nothing any more until it is told to. */
  standBy(): void {
    for (const terminal of [...this.#sockets.keys()]) this.#give(terminal);
    for (const terminal of [...this.#terminals.keys(), ...this.#logs.keys()]) this.#forget(terminal);
  }

  /** Waits until no data socket is left, so long at most. */
  async emptied(withinMs: number): Promise<void> {
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onEmptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** When somebody last attended to an environment: typed, or watched. Now, while somebody does; null = not since we began. */
  lastAttended(environmentId: string): Date | null {
    const sockets = [...this.#sockets].filter(
      ([terminal]) => parseTerminalId(terminal).environmentId === environmentId,
    );
    const isWatched = sockets.some(([, socket]) => socket.isAttached);
    return isWatched ? new Date() : (this.#attended.get(environmentId) ?? null);
  }

  /** What every environment is doing now; one that is not listed does not run. */
  observed(environments: readonly ObservedEnvironment[]): void {
    const running = environments.filter(({ phase }) => ["installing", "configuring", "running"].includes(phase));
    this.#running = new Set(running.map((each) => each.environment_id));
    this.#attachOwn();
    for (const relay of this.#logs.values()) relay.changed();
    for (const socket of this.#sockets.values()) socket.wake();
    const known = new Set(environments.map((each) => each.environment_id));
    for (const environmentId of this.#attended.keys())
      if (!known.has(environmentId)) this.#attended.delete(environmentId);
  }

  close(): void {
    this.#farewells.cancelAll();
    this.#handOvers.cancelAll();
    for (const socket of this.#sockets.values()) socket.close();
    for (const relay of [...this.#terminals.values(), ...this.#logs.values()]) relay.close();
  }

  #dial(assignment: Assignment): DataSocket {
    const { environmentId } = parseTerminalId(assignment.terminal);
    this.#farewells.cancel(assignment.terminal);
    const onAttended = () => void this.#attended.set(environmentId, new Date());
    const onOver = () => this.#over(assignment);
    const events = { onRelayed: this.#onRelayed, onAttended, onOver };
    return new DataSocket(this.#edge, assignment, this.#relayOf(assignment.terminal), events);
  }

  /** One that is still in the list waits for the next list. */
  #over({ terminal, assignment }: Assignment): void {
    if (this.#sockets.get(terminal)?.assignment.assignment !== assignment) return;
    if (this.#handOvers.has(terminal)) this.#give(terminal);
    else this.#setRunning(terminal);
  }

  /** Lets go of the terminal's data socket. */
  #give(terminal: string): void {
    this.#handOvers.cancel(terminal);
    this.#sockets.get(terminal)?.close();
    this.#sockets.delete(terminal);
    this.#forgetIfIdle(terminal);
    if (this.#sockets.size === 0) this.#onEmptied();
  }

  /** Our own environments that run have a client each, watched or not. */
  #attachOwn(): void {
    for (const environmentId of this.#running) {
      if (this.#part.isOurs(environmentId)) this.#terminalOf(terminalId(environmentId, mainWindow));
    }
    for (const terminal of [...this.#terminals.keys()]) {
      this.#setRunning(terminal);
      this.#forgetIfIdle(terminal);
    }
  }

  /** A client that is lost is attached again where it is certainly ours to have: two bridges would detach each other's. */
  #setRunning(terminal: string): void {
    const { environmentId } = parseTerminalId(terminal);
    const mayAttach = this.#sockets.get(terminal)?.isOpen === true || this.#part.isCertain;
    this.#terminals.get(terminal)?.setRunning(this.#running.has(environmentId) && mayAttach);
  }

  #relayOf(terminal: string): TerminalRelay | LogRelay {
    if (parseTerminalId(terminal).window !== logsWindow) return this.#terminalOf(terminal);
    const relay = this.#logs.get(terminal) ?? new LogRelay(terminal, this.#context);
    this.#logs.set(terminal, relay);
    return relay;
  }

  #terminalOf(terminal: string): TerminalRelay {
    const found = this.#terminals.get(terminal);
    if (found !== undefined) return found;
    const relay = new TerminalRelay(terminal, this.#context);
    this.#terminals.set(terminal, relay);
    this.#setRunning(terminal);
    return relay;
  }

  /** Nothing is kept of a terminal that neither runs nor is watched, and of a single window's not for long. */
  #forgetIfIdle(terminal: string): void {
    if (this.#sockets.has(terminal)) return;
    const { environmentId, window } = parseTerminalId(terminal);
    const isOver = !this.#running.has(environmentId) || this.#terminals.get(terminal)?.isGone === true;
    if (window === logsWindow || isOver || !this.#part.isOurs(environmentId)) this.#forget(terminal);
    else if (window !== mainWindow) this.#farewells.begin(terminal, () => this.#forget(terminal));
  }

  #forget(terminal: string): void {
    this.#farewells.cancel(terminal);
    (this.#terminals.get(terminal) ?? this.#logs.get(terminal))?.close();
    this.#terminals.delete(terminal);
    this.#logs.delete(terminal);
  }
}
