/**
 * The windows of one environment: those of its tmux session. Steps follow each other, so that none is counted on a
 * list that another one is changing; tmux itself does each at once.
 */
import { posix } from "node:path";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { type WindowInFull, windowIdSchema } from "../../../durable-objects/protocol/windows.ts";
import { RuntimeFailure, type WindowChange, type WindowWish } from "../runtime.ts";
import { Turns } from "../turns.ts";
import { ask, mainSession, selectedPane, type TmuxDoor } from "./door.ts";
import { openWindow } from "./session.ts";
import { listWindows } from "./window-list.ts";
import { nameCommands } from "./window-name.ts";

export interface WindowPlace {
  door: TmuxDoor;
  /** Where a window's shell begins, and where relative directories begin. */
  workspace: string;
  /** Throws `not_running` where there are no windows. */
  refuseUnlessUp(): Promise<void>;
  /** Whether there is a directory at this absolute path that a shell may reach; the path may be anything. */
  isDirectory(path: string): Promise<boolean>;
}

export class Windows {
  readonly #place: WindowPlace;
  readonly #turns = new Turns();

  constructor(place: WindowPlace) {
    this.#place = place;
  }

  async list(): Promise<WindowInFull[]> {
    await this.#place.refuseUnlessUp();
    return await listWindows(this.#place.door);
  }

  create(wish: WindowWish): Promise<WindowInFull> {
    return this.#turns.take(() => this.#create(wish));
  }

  change(window: string, change: WindowChange): Promise<WindowInFull> {
    return this.#turns.take(() => this.#change(window, change));
  }

  close(window: string): Promise<void> {
    return this.#turns.take(() => this.#close(window));
  }

  /** How tmux calls a window of the session, `=main:@3`. Throws `window_not_found` for one that is not there. */
  async target(window: string): Promise<string> {
    const printed = await ask(this.#place.door, ["list-windows", "-t", mainSession, "-F", "#{window_id}"]);
    const id = windowIdSchema.safeParse(window).success ? window.replace("w", "@") : null;
    if (id === null || !printed.split("\n").includes(id)) throw noWindow(window);
    return `${mainSession}:${id}`;
  }

  async #create({ name, cwd, isActive }: WindowWish): Promise<WindowInFull> {
    const { door, workspace, isDirectory } = this.#place;
    const directory = posix.resolve(workspace, cwd ?? ".");
    // Each question may be a round trip to a cluster.
    const [windows, isThere] = await Promise.all([this.list(), isDirectory(directory)]);
    if (windows.length >= limits.maxWindows) {
      throw new RuntimeFailure("too_many_windows", `There are ${limits.maxWindows} windows already`);
    }
    if (!isThere) throw new RuntimeFailure("bad_directory", "There is no such directory");
    const id = await openWindow(door, directory);
    const change = { name, isActive: isActive || undefined };
    return await this.#apply(id.replace("@", "w"), `${mainSession}:${id}`, change);
  }

  async #change(window: string, change: WindowChange): Promise<WindowInFull> {
    await this.#place.refuseUnlessUp();
    return await this.#apply(window, await this.target(window), change);
  }

  async #apply(window: string, target: string, { name, position, isActive }: WindowChange): Promise<WindowInFull> {
    if (name !== undefined) await this.#run(window, nameCommands(target, name));
    if (position !== undefined) await this.#move(window, target, position);
    if (isActive) await this.#run(window, ["select-window", "-t", target]);
    const changed = (await this.list()).find(({ id }) => id === window);
    if (changed === undefined) throw noWindow(window);
    return changed;
  }

  async #move(window: string, target: string, position: number): Promise<void> {
    const windows = await this.list();
    const others = windows.filter(({ id }) => id !== window);
    const next = others[position];
    const neighbour = next ?? others.at(-1);
    if (neighbour === undefined || windows[position]?.id === window) return;
    const isSelected = windows.some(({ id, is_active }) => id === window && is_active);
    const place = ["-s", target, "-t", `${mainSession}:${neighbour.id.replace("w", "@")}`];
    const move = ["move-window", next === undefined ? "-a" : "-b", ...(isSelected ? [] : ["-d"]), ...place];
    await this.#run(window, [...move, ";", "move-window", "-r", "-t", selectedPane]);
  }

  /** Asked and done in one, so that the last window is closed by nobody. */
  async #close(window: string): Promise<void> {
    await this.#place.refuseUnlessUp();
    const target = await this.target(window);
    const question = ["if-shell", "-F", "-t", selectedPane, "#{!=:#{session_windows},1}"];
    const answer = await this.#run(window, [...question, `kill-window -t ${target}`, "display-message -p last"]);
    if (answer.trim() === "last") throw new RuntimeFailure("last_window", "The last window is not closed");
  }

  /** What fails because the window has gone in between says so. */
  async #run(window: string, command: string[]): Promise<string> {
    try {
      return await ask(this.#place.door, command);
    } catch (error) {
      if (error instanceof RuntimeFailure) await this.target(window);
      throw error;
    }
  }
}

function noWindow(window: string): RuntimeFailure {
  return new RuntimeFailure("window_not_found", `There is no window ${window.slice(0, 32)}`);
}
