/** Windows through everything: REST, objects, a bridge and a real tmux, watched by clients of version 1. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closes } from "../../durable-objects/protocol/closes.ts";
import type { WindowInFull } from "../../durable-objects/protocol/windows.ts";
import { type Person, register } from "./support/person.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

describe("windows", () => {
  let product: SharedProduct;
  let person: Person;
  let id: string;

  beforeAll(async () => {
    product = await sharedProduct();
  });
  beforeEach(async () => {
    person = await register(product.url);
    id = (await person.createEnvironment()).id;
  });

  const call = async <Body = WindowInFull>(method: string, rest = "", body?: object) => {
    const answer = await person.call(method, `/environments/${id}/windows${rest}`, body);
    return { status: answer.status, body: answer.body as Body };
  };
  const list = async () => (await call<{ windows: WindowInFull[] }>("GET")).body.windows;

  it("are opened, named, moved, selected and closed, and what is refused says why", async () => {
    const [first] = await list();
    expect(first).toMatchObject({ position: 0, is_active: true, panes: [{ command: expect.stringMatching(/sh$/) }] });
    const made = await call("POST", "", { name: "#(touch /tmp/never) ;", is_active: true });
    expect([made.status, made.body.name]).toEqual([201, "#(touch /tmp/never) ;"]);
    const changed = await call("PATCH", `/${made.body.id}`, { name: "-t", position: 0 });
    expect(changed.body).toMatchObject({ id: made.body.id, name: "-t", position: 0, is_active: true });
    expect((await list()).map((window) => window.id)).toEqual([made.body.id, first?.id]);
    expect((await call<{ code: string }>("POST", "", { cwd: "nowhere" })).body.code).toBe("invalid_input");
    expect((await call("DELETE", `/${made.body.id}`)).status).toBe(200);
    expect((await call("DELETE", `/${made.body.id}`)).status).toBe(404);
    const last = await call<{ code: string }>("DELETE", `/${first?.id}`);
    expect([last.status, last.body.code]).toEqual([409, "last_window"]);
  });

  it("are watched one by one, each at its own size, until they are closed", async () => {
    const { body: made } = await call("POST", "", { name: "second" });
    const main = await person.openTerminal(id);
    const own = await person.openTerminal(id, { window: made.id, size: { cols: 50, rows: 12 } });
    await main.sees(/[#$] *$/);
    await own.sees(/[#$] *$/);
    // What is typed may overtake the size, so the shells themselves wait for it.
    main.type("clear; until stty size | grep '24 80'; do sleep 0.05; done\r");
    own.type("clear; until stty size | grep '12 50'; do sleep 0.05; done\r");
    await main.sees(/^24 80$/m);
    await own.sees(/^12 50$/m);
    await call("DELETE", `/${made.id}`);
    expect(await own.closed()).toEqual({ code: closes.windowGone.code, reason: closes.windowGone.reason });
    const again = await person.openTerminal(id, { window: made.id });
    expect((await again.closed()).code).toBe(closes.windowGone.code);
    main.type("clear; echo still-$((6*7))\r");
    await main.sees(/^still-42$/m);
    await main.close();
  });

  it("end for their own viewers also by exit, while the last one gets a fresh shell", async () => {
    const { body: made } = await call("POST");
    const own = await person.openTerminal(id, { window: made.id });
    await own.sees(/[#$] *$/);
    own.type("exit\r");
    expect((await own.closed()).code).toBe(closes.windowGone.code);
    expect(await list()).toHaveLength(1);
    const main = await person.openTerminal(id);
    await main.sees(/[#$] *$/);
    main.type("exit\r");
    await main.sees(/this is a fresh one/);
    expect(await list()).toHaveLength(1);
    await main.close();
  });
});
