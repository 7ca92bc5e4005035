/** Two windows of an environment with the real objects: its owner at one, a driver at the other, and a bridge that serves both. */
import { parseTerminalId, type Role, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { type DataPeer, fresh, freshTerminal, type LinkPeer, link, serve, type ViewerPeer, watch } from "./peers.ts";

/** Says that what is given to it was applied, as a bridge does: at once. */
function answering(data: DataPeer): DataPeer {
  data.socket.addEventListener("message", ({ data: text }) => {
    const message = JSON.parse(String(text));
    if (message.type === "enter") data.entered(message.entry, 0);
    const { from, i } = message;
    if (message.type === "input" && from !== undefined) data.say({ type: "receipts", receipts: [{ from, i }] });
  });
  return data;
}

export async function serving(clusterId: string, bridge: LinkPeer, terminal: string): Promise<DataPeer> {
  const data = answering(await serve(clusterId, await bridge.assignment(terminal), "tok", 2));
  data.hello({ epoch: "e", seq: 0 });
  return data;
}

/** The owner looks at `main`, a driver at a window of its own. */
export async function twoWindows() {
  const clusterId = fresh("cluster-");
  const main = freshTerminal();
  const own = terminalId(parseTerminalId(main).environmentId, "w0");
  const bridge = await link(clusterId);
  const come = async (terminal: string, userId: string, role: Role, version: 1 | 2 = 2) => {
    const viewer = await watch(terminal, { clusterId, userId, username: userId, role, version });
    if (version === 2) viewer.hello();
    return viewer;
  };
  const [owner, driver] = [await come(main, "ann", "owner"), await come(own, "dan", "driver")];
  const [mainData, ownData] = [await serving(clusterId, bridge, main), await serving(clusterId, bridge, own)];
  for (const viewer of [owner, driver]) await viewer.has({ type: "snapshot" });
  return { clusterId, bridge, main, own, come, owner, driver, mainData, ownData };
}

export const held = (viewer: ViewerPeer, holder: { id: string; name: string } | null) =>
  viewer.has({ type: "control", holder });
export const typed = ({ received }: DataPeer) =>
  received.flatMap((each) => (each.type === "input" && each.data ? [each.data] : []));
export const ann = { id: "ann", name: "ann" };
export const dan = { id: "dan", name: "dan" };
