/** Two people in two windows of one environment, through everything down to a real tmux: who has control types alone. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { clientProtocol2 } from "../../durable-objects/protocol/client.ts";
import type { ClientMessage2, ServerMessage2 } from "../../durable-objects/protocol/client-2.ts";
import type { WindowInFull } from "../../durable-objects/protocol/windows.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type Person, register } from "./support/person.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

const within = { timeout: 20_000 };

/** A client of version 2 without a screen: what it was sent, and the text of it. */
class Client {
  readonly frames: ServerMessage2[] = [];
  readonly socket: WebSocket;
  #typed = 0;

  constructor(product: SharedProduct, { token }: Person, environmentId: string, window: string) {
    const address = `${product.url.replace("http", "ws")}/api/v1/ws/terminal/${environmentId}?window=${window}`;
    this.socket = new WebSocket(address, [clientProtocol2], { headers: { authorization: `Bearer ${token}` } });
    this.socket.on("message", (text) => this.frames.push(JSON.parse(text.toString())));
    this.socket.on("open", () =>
      this.say({ type: "hello", cid: crypto.randomUUID(), cols: 80, rows: 24, visible: true }),
    );
  }

  get text(): string {
    return this.frames
      .map((frame) => (frame.type === "output" || frame.type === "snapshot" ? frame.data : ""))
      .join("");
  }

  get holder(): string | null | undefined {
    const frame = this.frames.findLast(({ type }) => type === "control");
    return frame?.type === "control" ? (frame.holder?.name ?? null) : undefined;
  }

  get refused(): number {
    return this.frames.filter((frame) => frame.type === "error" && frame.code === "not_in_control").length;
  }

  say(message: ClientMessage2): void {
    this.socket.send(JSON.stringify(message));
  }

  type(data: string): void {
    this.#typed += 1;
    this.say({ type: "input", data, i: this.#typed });
  }

  async shows(pattern: RegExp): Promise<void> {
    await waitUntil(() => pattern.test(this.text), within);
  }
}

describe("control of an environment", () => {
  let product: SharedProduct;
  let host: Person;
  let guest: Person;
  let id: string;
  let windows: string[];
  let own: Client;
  let driving: Client;

  beforeAll(async () => {
    product = await sharedProduct();
    [host, guest] = [await register(product.url), await register(product.url)];
    id = (await host.createEnvironment()).id;
    const body = { kind: "link", role: "driver", expires_in_seconds: 3_600 };
    const { secret } = (await host.call("POST", `/environments/${id}/shares`, body)).body as { secret: string };
    expect((await guest.call("POST", "/shares/accept", { secret })).status).toBe(200);
    await host.call("POST", `/environments/${id}/windows`, { name: "second" });
    const listed = (await host.call("GET", `/environments/${id}/windows`)).body as { windows: WindowInFull[] };
    windows = listed.windows.map((window) => window.id);
    own = new Client(product, host, id, "main");
    driving = new Client(product, guest, id, windows[1] ?? "");
    for (const client of [own, driving]) await client.shows(/[$#]/);
  });
  afterAll(() => {
    for (const client of [own, driving]) client?.socket.close();
  });

  it("lets none of another's keys through from the moment its holder is told, in the middle of their typing", async () => {
    // At the same shell, which reads what is typed there now behind all of theirs that was let through before.
    const beside = new Client(product, host, id, windows[1] ?? "");
    await beside.shows(/[$#]/);
    // Below what a client may send in a second: what is refused for that says nothing of control.
    const typing = setInterval(() => driving.type("echo g >> keys\r"), 25);
    try {
      await waitUntil(() => driving.text.split("echo g >> keys").length > 20, within);
      own.say({ type: "control", action: "take" });
      await waitUntil(() => own.holder, within);
      beside.type("cp keys then; echo copied-$((6*7))\r");
      await beside.shows(/copied-42/);
      const { refused } = driving;
      await waitUntil(() => driving.refused > refused + 20, within);
      beside.type("cmp keys then && echo same-$((6*7))\r");
      await beside.shows(/same-42|differ|EOF/);
    } finally {
      clearInterval(typing);
      beside.socket.close();
    }
    expect(beside.text).toContain("same-42");
    await waitUntil(() => driving.holder, within);
    expect(driving.holder).toBe(own.holder);
  });

  it("holds also for the window that its holder looks at, at its own terminal", async () => {
    driving.socket.close();
    driving = new Client(product, guest, id, windows[0] ?? "");
    await waitUntil(() => driving.holder, within);
    await driving.shows(/[$#]/);
    driving.type("touch never\r");
    await waitUntil(() => driving.refused > 0, within);
    own.type("ls never; echo looked-$((6*7))\r");
    await own.shows(/looked-42/);
    expect(own.text).toMatch(/never.*No such file/);
  });

  it("is still theirs after a cut, and everybody's when they do not come back", async () => {
    own.socket.terminate();
    const again = new Client(product, host, id, "main");
    await waitUntil(() => again.holder, within);
    expect(driving.holder).toBe(again.holder);
    again.socket.terminate();
    await waitUntil(() => driving.holder === null, { timeout: 40_000 });
    driving.type("echo free-$((6*7))\r");
    await driving.shows(/free-42/);
  });
});
