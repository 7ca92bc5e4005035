/** One terminal that several people are at. */
import type { Participant } from "../../durable-objects/protocol/client-2.ts";
import { type Guest, World } from "./world.ts";

/** A terminal with a shell; people come with version 2 unless told otherwise. */
export function shared() {
  const world = new World();
  let names = 0;
  /** Also whatever the cluster is asked. */
  const say = async (id: string, message: object) => {
    world.say(id, message);
    await world.settled();
  };
  const come = (
    userId: string,
    access: Guest["access"],
    roleEnds: Guest["roleEnds"] = null,
    username = `name of ${userId}`,
  ) => {
    names += 1;
    const id = world.join("terminal", 2, userId, { access, roleEnds, username });
    world.say(id, {
      type: "hello",
      cid: `client-${String(names).padStart(4, "0")}`,
      cols: 80,
      rows: 24,
      visible: true,
    });
    return id;
  };
  const owner = come("ann", "owner");
  const bridge = world.dial(1, 2);
  world.hello(bridge, { epoch: "e1", seq: 0 });
  /** The bridge lets in whoever waits. */
  const settle = () => {
    for (const [, viewer] of world.room.viewers) {
      if (viewer.version !== 2 || viewer.standing.state !== "entering" || viewer.entry === null) continue;
      world.fromBridge(bridge, {
        type: "entered",
        entry: viewer.entry,
        i: 0,
        epoch: "e1",
        gen: 0,
        seq: 0,
        cols: 80,
        rows: 24,
      });
      world.snapshot(bridge, 0, "$ ");
    }
  };
  settle();
  const typed = () => world.toBridge(bridge).flatMap((message) => (message.type === "input" ? [message] : []));
  const applied = () => typed().flatMap(({ data }) => (data === "" ? [] : [data]));
  const errors = (id: string) => world.seen(id).frames.flatMap((frame) => (frame.type === "error" ? [frame.code] : []));
  const told = (id: string): Participant[] | null => {
    const frame = world.seen(id).frames.findLast(({ type }) => type === "participants");
    return frame?.type === "participants" ? frame.list : null;
  };
  return { world, come, owner, bridge, settle, say, typed, applied, errors, told };
}
