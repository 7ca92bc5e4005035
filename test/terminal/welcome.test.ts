/** Who is welcomed: a client of version 2 that comes back to a served terminal is told only where it stands. */
import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../../durable-objects/protocol/client.ts";
import { World } from "./world.ts";

const environment = {
  id: "env",
  name: "e",
  status: "running",
  template: "python",
  installation_completed: true,
  pty_enabled: true,
} as const;
const welcome: ServerMessage = { type: "welcome", message: "Connected to e", environment };
const update: ServerMessage = { type: "info", message: "news" };
const position = { epoch: "e", gen: 0, seq: 0 };

function served() {
  const world = new World();
  world.greeting = [welcome, update];
  const first = world.join("terminal", 2);
  world.say(first, hello("first-of-test"));
  const bridge = world.dial(1, 2);
  world.hello(bridge, { epoch: "e", seq: 0 });
  const typesOf = (id: string) => world.seen(id).frames.map(({ type }) => type);
  return { world, first, bridge, typesOf };
}

const hello = (cid: string, at: object = {}) => ({ type: "hello", cid, cols: 80, rows: 24, visible: true, ...at });

describe("welcome", () => {
  it("is said to a client that comes for the first time", () => {
    const { first, typesOf } = served();
    expect(typesOf(first).slice(0, 2)).toEqual(["welcome", "info"]);
  });

  it("is left out for one that comes back, and news are not", () => {
    const { world, typesOf } = served();
    const back = world.join("terminal", 2);
    world.say(back, hello("second-of-test", { position }));
    expect(typesOf(back)).toEqual(["info"]);
  });

  it("is said to one that comes back while no bridge serves, for it would hear nothing", () => {
    const { world, bridge, typesOf } = served();
    world.send({ kind: "bridge_left", id: bridge });
    const back = world.join("terminal", 2);
    world.say(back, hello("second-of-test", { position }));
    expect(typesOf(back)[0]).toBe("welcome");
  });

  it("is always said on a log, which has no places", () => {
    const { world, typesOf } = served();
    const reader = world.join("logs", 2);
    world.say(reader, hello("reader-of-test", { position }));
    expect(typesOf(reader)[0]).toBe("welcome");
  });
});
