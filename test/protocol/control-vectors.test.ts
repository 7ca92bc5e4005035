/** What the vectors say of control is what a terminal and its cluster really say. */
import { expect, it } from "vitest";
import { roleSchema } from "../../durable-objects/protocol/vocabulary.ts";
import { shared } from "../terminal/shared.ts";
import vectors from "./vectors.json" with { type: "json" };

it("is taken, refused, passed on and given back as the vectors have it", async () => {
  const { people, steps, applied } = vectors.control;
  const { world, come, settle, say, bridge } = shared();
  const ids = new Map(people.map(({ id, name, role }) => [name, come(id, roleSchema.parse(role), null, name)]));
  settle();
  const heard = new Map<string, number>();
  for (const { who, says, hears } of steps) {
    const id = ids.get(who) ?? "";
    if (says !== undefined) await say(id, says);
    if (hears === undefined) continue;
    const all = world.seen(id).frames.filter(({ type }) => type === "control" || type === "error");
    const count = heard.get(who) ?? 0;
    expect(all[count]).toMatchObject(hears);
    expect("i" in (all[count] ?? {})).toBe("i" in hears);
    heard.set(who, count + 1);
  }
  const typed = world
    .toBridge(bridge)
    .flatMap((each) =>
      each.type === "key" || ((each.type === "input" || each.type === "paste") && each.data) ? [each] : [],
    );
  expect(typed.map(({ from, i }) => `${from?.split("/")[0]} ${i}`)).toEqual(applied);
});
