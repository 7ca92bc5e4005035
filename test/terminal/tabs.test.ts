/** An environment's windows as the room tells them, and the end of a window's own terminal. */
import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { newRoom } from "../../durable-objects/terminal/room.ts";
import { World } from "./world.ts";

const tab = (name: string, position = 0) => ({ id: `w${position}`, name, position, is_active: position === 0 });
const hello = (cid: string) => ({ type: "hello", cid, cols: 80, rows: 24, visible: true });

/** Viewers of version 2 that have entered, on a bridge of this version. */
function entered(viewers: number, bridgeVersion: 1 | 2 = 2, window = "main") {
  const world = new World();
  world.room = newRoom(window);
  const ids = Array.from({ length: viewers }, (_, index) => {
    const id = world.join("terminal", 2);
    world.say(id, hello(`client-${index}`));
    return id;
  });
  const bridge = world.dial(1, bridgeVersion);
  world.hello(bridge, { epoch: "e", seq: 0 });
  letIn(world, bridge);
  const told = (id: string) => world.seen(id).frames.flatMap((each) => (each.type === "windows" ? [each.windows] : []));
  const asked = () => world.toBridge(bridge).filter((message) => message.type === "windows").length;
  const windows = (...names: string[]) =>
    world.fromBridge(bridge, { type: "windows", windows: names.map((name, position) => tab(name, position)) });
  return { world, ids, bridge, told, asked, windows };
}

/** Answers every entry that is open. */
function letIn(world: World, bridge: string): void {
  for (const message of world.toBridge(bridge)) {
    if (message.type !== "enter") continue;
    world.fromBridge(bridge, {
      type: "entered",
      entry: message.entry,
      ...{ i: 0, epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 },
    });
  }
  world.snapshot(bridge, 0, "$ ");
}

describe("windows", () => {
  it("are asked for once, and told to everybody of version 2 and nobody else", () => {
    const { world, ids, told, asked, windows } = entered(2);
    const old = world.join();
    expect(asked()).toBe(1);
    windows("shell", "#{pid} $(id)");
    for (const id of ids) expect(told(id)).toEqual([[tab("shell"), tab("#{pid} $(id)", 1)]]);
    expect(world.types(old)).not.toContain("windows");
  });

  it("are told to who comes later without asking again, after waking and from another bridge by asking", () => {
    const { world, bridge, told, asked, windows } = entered(1);
    windows("shell");
    const second = world.join("terminal", 2);
    world.say(second, hello("client-second"));
    letIn(world, bridge);
    expect([told(second), asked()]).toEqual([[[tab("shell")]], 1]);
    world.hibernate();
    windows("renamed");
    expect(told(second).at(-1)).toEqual([tab("renamed")]);
    world.hibernate();
    const third = world.join("terminal", 2);
    world.say(third, hello("client-third"));
    letIn(world, bridge);
    expect([told(third), asked()]).toEqual([[], 2]);
    const next = world.dial(2, 2);
    world.hello(next, { epoch: "e", seq: 0 });
    letIn(world, next);
    expect(world.toBridge(next).filter((message) => message.type === "windows")).toHaveLength(1);
  });

  it("are not told again to who names the mark of what it was told, and are when they have changed", () => {
    const { world, ids, bridge, told, windows } = entered(1);
    windows("shell", "server");
    const first = world.seen(ids[0] ?? "").frames.findLast((frame) => frame.type === "windows");
    const mark = first?.type === "windows" ? first.mark : "";
    const back = (cid: string, named: string) => {
      const id = world.join("terminal", 2);
      world.say(id, { ...hello(cid), windows: named });
      letIn(world, bridge);
      return id;
    };
    const [knowing, stale] = [back("client-knows", mark), back("client-stale", "another")];
    expect([told(knowing), told(stale).length]).toEqual([[], 1]);
    windows("shell");
    windows("shell", "server");
    for (const id of [knowing, stale])
      expect(told(id).slice(-2)).toEqual([[tab("shell")], [tab("shell"), tab("server", 1)]]);
    world.hibernate();
    const later = back("client-later", mark);
    windows("shell", "server");
    expect(told(later)).toEqual([]);
  });

  it("are not asked of a bridge of version 1", () => {
    expect(entered(1, 1).asked()).toBe(0);
  });

  it("are bounded for who gives no sign of life, and the newest follow when one comes", () => {
    const { world, ids, told, windows } = entered(2);
    const [silent = "", lively = ""] = ids;
    const name = "n".repeat(limits.maxWindowNameCharacters);
    for (let change = 0; change < 1_000; change += 1) {
      world.now += 100;
      world.ping(lively);
      windows(name, String(change));
    }
    expect(told(lively)).toHaveLength(1_000);
    expect(JSON.stringify(told(silent)).length).toBeLessThan(limits.slowWindowBytes + 2_048);
    world.ping(silent);
    world.say(silent, { type: "ack", seq: 0 });
    expect(told(silent).at(-1)).toEqual([tab(name), tab("999", 1)]);
  });

  it.each([
    ["too many", Array.from({ length: limits.maxListedWindows + 1 }, (_, index) => tab("x", index))],
    ["too long a name", [tab("x".repeat(65))]],
    ["another's id", [{ ...tab("x"), id: "@1" }]],
  ])("with %s are no frame of a bridge", (_name, listed) => {
    const { world, bridge } = entered(1);
    world.fromBridge(bridge, { type: "windows", windows: listed });
    expect(world.bridges.get(bridge)?.closed).toBe("badFrame");
  });
});

describe("a window's own terminal", () => {
  it("says which one it is", () => {
    const { world, ids } = entered(1, 2, "w3");
    const said = world.seen(ids[0] ?? "").frames.find((frame) => frame.type === "hello");
    expect(said).toMatchObject({ window: "w3" });
  });

  it("ends with its window for everybody, with a close that is not dialled again", () => {
    const { world, ids, bridge } = entered(2, 2, "w3");
    const old = world.join();
    world.fromBridge(bridge, { type: "gone" });
    for (const id of [...ids, old]) expect(world.seen(id).closed).toBe("windowGone");
    expect(world.bridges.get(bridge)?.closed).toBe("unwanted");
    expect(world.wants.at(-1)).toBe("unwant");
    expect(world.released).toEqual([...ids, old]);
  });
});
