/** Check 13: a page of a foreign origin opens no socket, however it shows who it is; a native client sends none. */
import { describe, expect, it } from "vitest";
import { api } from "../environments/world.ts";
import { bearer, dial, host, logsPath, offering, open, refusal, running, terminalPath } from "../support/sockets.ts";

const foreign = ["https://evil.example", "null", `${host}.evil.example`, "http://devpocket.test", "file://"];

describe("a socket", () => {
  it("from a foreign origin is refused, with a header, a ticket or a query", async () => {
    const { person, id } = await running();
    const body = { environment_id: id, kind: "terminal" };
    const { token } = person;
    const { ticket } = (await api<{ ticket: string }>("POST", "/api/v1/ws/tickets", { token, body })).body;
    for (const origin of foreign) {
      const asked = [
        dial(terminalPath(id), { origin, ...bearer(token) }),
        dial(logsPath(id), { origin, ...bearer(token) }),
        dial(terminalPath(id), { origin, ...offering("devpocket.v1", ticket) }),
        dial(`${terminalPath(id)}?token=${token}`, { origin }),
      ];
      for (const answer of await Promise.all(asked)) expect(await refusal(answer), origin).toBe("originNotAllowed");
    }
    await open(terminalPath(id), { origin: host, ...offering("devpocket.v1", ticket) });
  });

  it("without an origin is let in, in every way", async () => {
    const { person, id } = await running();
    await open(terminalPath(id), bearer(person.token));
    await open(`${terminalPath(id)}?token=${person.token}`);
    await open(logsPath(id), { origin: host, ...bearer(person.token) });
  });
});
