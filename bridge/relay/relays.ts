/**
 * All terminals of this bridge: one relay for every environment that runs or is watched, one data socket for every
 * terminal that is wanted. Told what is wanted (the link) and what runs (the reconcile loop).
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

export class Relays {
  readonly #edge: Edge;
  readonly #context: RelayContext;
  readonly #onRelayed: DataSocketEvents["onRelayed"];
  readonly #terminals = new Map<string, TerminalRelay>();
  readonly #logs = new Map<string, LogRelay>();
  readonly #sockets = new Map<string, DataSocket>();
  /** Terminals of single windows that nobody watches: their viewers may be in a tunnel. */
  readonly #farewells = new Farewells(timing.pinnedKeptMs);
  /** When somebody last typed or ceased to watch, by environment. */
  readonly #attended = new Map<string, Date>();
  #running = new Set<string>();

  constructor(edge: Edge, context: RelayContext, onRelayed: DataSocketEvents["onRelayed"]) {
    this.#edge = edge;
    this.#context = context;
    this.#onRelayed = onRelayed;
  }

  /** How many terminals and logs are watched, and how many data sockets are open for them. */
  get counts(): { wanted: number; open: number } {
    const open = [...this.#sockets.values()].filter((socket) => socket.isOpen).length;
    return { wanted: this.#sockets.size, open };
  }

  /** The full list of watched terminals: opens what is new, closes what is no longer there. */
  want(wanted: readonly Assignment[]): void {
    const byTerminal = new Map(wanted.map((assignment) => [assignment.terminal, assignment]));
    for (const [terminal, socket] of this.#sockets) {
      if (byTerminal.get(terminal)?.assignment === socket.assignment.assignment) continue;
      socket.close();
      this.#sockets.delete(terminal);
      this.#forgetIfIdle(terminal);
    }
    for (const assignment of wanted) {
      if (this.#sockets.has(assignment.terminal)) continue;
      this.#sockets.set(assignment.terminal, this.#dial(assignment));
    }
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
    for (const environmentId of this.#running) this.#terminalOf(terminalId(environmentId, mainWindow));
    for (const [terminal, relay] of this.#terminals) {
      relay.setRunning(this.#running.has(parseTerminalId(terminal).environmentId));
      this.#forgetIfIdle(terminal);
    }
    for (const relay of this.#logs.values()) relay.changed();
    for (const socket of this.#sockets.values()) socket.wake();
    const known = new Set(environments.map((each) => each.environment_id));
    for (const environmentId of this.#attended.keys())
      if (!known.has(environmentId)) this.#attended.delete(environmentId);
  }

  close(): void {
    this.#farewells.cancelAll();
    for (const socket of this.#sockets.values()) socket.close();
    for (const relay of [...this.#terminals.values(), ...this.#logs.values()]) relay.close();
  }

  #dial(assignment: Assignment): DataSocket {
    const { environmentId } = parseTerminalId(assignment.terminal);
    this.#farewells.cancel(assignment.terminal);
    const onAttended = () => void this.#attended.set(environmentId, new Date());
    const events = { onRelayed: this.#onRelayed, onAttended };
    return new DataSocket(this.#edge, assignment, this.#relayOf(assignment.terminal), events);
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
    relay.setRunning(this.#running.has(parseTerminalId(terminal).environmentId));
    return relay;
  }

  /** Nothing is kept of a terminal that neither runs nor is watched, and of a single window's not for long. */
  #forgetIfIdle(terminal: string): void {
    if (this.#sockets.has(terminal)) return;
    const { environmentId, window } = parseTerminalId(terminal);
    const isOver = !this.#running.has(environmentId) || this.#terminals.get(terminal)?.isGone === true;
    if (window === logsWindow || isOver) this.#forget(terminal);
    else if (window !== mainWindow) this.#farewells.begin(terminal, () => this.#forget(terminal));
  }

  #forget(terminal: string): void {
    this.#farewells.cancel(terminal);
    (this.#terminals.get(terminal) ?? this.#logs.get(terminal))?.close();
    this.#terminals.delete(terminal);
    this.#logs.delete(terminal);
  }
}
