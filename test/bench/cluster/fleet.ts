/** Many environments under one bridge: how fast they come, what watching them costs, and its memory under many terminals. */
import { Calls } from "../../../bridge/runtime/kubernetes/client/calls.ts";
import { claim } from "../../../bridge/runtime/kubernetes/manifests/claim.ts";
import type { DesiredEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import type { Reason } from "../../../durable-objects/protocol/reasons.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { terminalId } from "../../../durable-objects/protocol/vocabulary.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { type Figure, none, plain } from "../targets/target.ts";
import { bareExec } from "./bare-exec.ts";
import { type BridgeProcess, startBridgeProcess } from "./bridge-process.ts";
import type { Stage } from "./stage.ts";

const openWindows = 'for each in $(seq "$1"); do sh /devpocket/init/tmux.sh new-window -d -t =main: -- sh; done';
/** Why an environment does not run on a cluster that is full; there it stays so. */
const noRoom: readonly Reason[] = ["no_storage", "unschedulable", "pending", "quota_exceeded"];
const fullForMs = 20_000;
/** Requests of this run's own: for the metrics, and by which its namespace says that it is alive (a bridge has no right to). */
const ownRequests = ['resource=""', 'verb="PATCH",resource="namespaces"'];
const patience = { timeout: 600_000, interval: 20 };

/** Asks for all at once and waits until the bridge reports every one of them as running, or the cluster is full. */
export async function reconciled(stage: Stage, count: number): Promise<Figure[]> {
  const bridge = await startBridgeProcess(stage);
  try {
    const begin = performance.now();
    const environments = Array.from({ length: count }, () => stage.environment());
    const { settled, lastAtMs } = await settle(bridge, environments);
    const seconds = (lastAtMs - begin) / 1000;
    return [
      plain(`${partOf(settled.length, count)} from nothing to running`, `${seconds.toFixed(1)} s`),
      plain(`memory of the bridge with them`, `${bridge.memory().toFixed(0)} MiB`),
    ];
  } finally {
    await bridge.stop();
    await stage.clear();
  }
}

/** Environments that rest, a few that run, and a list that has not changed: what a turn of the loop asks of the API server. */
export async function unchanged(stage: Stage, count: number, running: number): Promise<Figure[]> {
  const resting = Array.from({ length: count - running }, () => stage.environment({ desired: "stopped" }));
  const calls = new Calls(stage.server, stage.manifests.namespace);
  await inBatches(resting, 20, async (environment) => {
    await calls.apply("persistentvolumeclaims", claim(environment, stage.manifests), stage.signal());
  });
  const bridge = await startBridgeProcess(stage);
  try {
    const environments = [...resting, ...Array.from({ length: running }, () => stage.environment())];
    await settle(bridge, environments);
    await measured(bridge);
    const before = await requestCounts(stage);
    await turn(bridge);
    const asked = [...(await requestCounts(stage))].flatMap(([labels, total]) => {
      const more = total - (before.get(labels) ?? 0);
      return more > 0 ? [`${labels} ${more}`] : [];
    });
    return [
      {
        ...none(`API calls of a turn over ${count} unchanged environments (${running} of them run)`, asked.length),
        is: asked.length === 0 ? "0" : asked.join("; "),
      },
      plain("memory of the bridge with them", `${bridge.memory().toFixed(0)} MiB`),
    ];
  } finally {
    await bridge.stop();
    await stage.clear();
  }
}

/** Every window of a number of environments is watched at once: so many, or as many as the cluster has room for. */
export async function manyTerminals(stage: Stage, most: number): Promise<Figure[]> {
  const bridge = await startBridgeProcess(stage);
  try {
    const perEnvironment = limits.maxWindows;
    const wanted = Array.from({ length: Math.ceil(most / perEnvironment) }, () => stage.environment());
    const { settled: environments } = await settle(bridge, wanted);
    const count = Math.min(most, environments.length * perEnvironment);
    const before = bridge.memory();
    const terminals: string[] = [];
    await inBatches(environments, 4, async ({ id }) => {
      terminals.push(...(await terminalsOf(stage, bridge, id, perEnvironment)));
    });
    await inBatches(terminals.slice(0, count), 10, async (terminal) => {
      // Each is attached by several execs, which a busy machine makes wait for each other.
      await (await bridge.edge.watch(terminal)).snapshot(patience.timeout);
    });
    const after = bridge.memory();
    return [
      plain(`memory of the bridge before the first terminal`, `${before.toFixed(0)} MiB`),
      plain(
        `memory at ${count} watched terminals`,
        `${after.toFixed(0)} MiB, ${(((after - before) * 1024) / count).toFixed(0)} KiB each`,
      ),
    ];
  } finally {
    await bridge.stop();
    await stage.clear();
  }
}

/** Opens windows until there are so many, by one exec: what they cost the bridge is not in question here. */
async function terminalsOf(stage: Stage, { edge }: BridgeProcess, id: string, windows: number): Promise<string[]> {
  const command = ["sh", "-c", openWindows, "windows", String(windows - 1)];
  await (await bareExec(stage, id, command, { isTerminal: false, input: null, onOutput: () => {} })).ended;
  const listed = await edge.ask({ kind: "windows", environment_id: id });
  const ids = listed.kind === "windows" ? listed.windows.map((window) => window.id) : [];
  if (ids.length !== windows) throw new Error(`there are ${ids.length} windows, not ${windows}`);
  return ids.map((window) => terminalId(id, window));
}

/**
 * Has the bridge bring all of them to where they should be. On a small cluster it may be that only some find room: those
 * are what settled, and the last of them then.
 */
async function settle(
  { edge }: BridgeProcess,
  environments: readonly DesiredEnvironment[],
): Promise<{ settled: DesiredEnvironment[]; lastAtMs: number }> {
  const [last, ...others] = environments.toReversed();
  edge.desired = others;
  if (last !== undefined) edge.desire(last);
  const isSettled = ({ id, desired }: DesiredEnvironment) =>
    edge.reported(id)?.phase === (desired === "running" ? "running" : "stopped");
  const hasNoRoom = ({ id }: DesiredEnvironment) => noRoom.some((reason) => edge.reported(id)?.reason === reason);
  let settled: DesiredEnvironment[] = [];
  let lastAtMs = performance.now();
  await waitUntil(() => {
    const now = environments.filter(isSettled);
    if (now.length !== settled.length) lastAtMs = performance.now();
    settled = now;
    const isFull = performance.now() - lastAtMs > fullForMs;
    return environments.every((each) => isSettled(each) || (isFull && hasNoRoom(each)));
  }, patience);
  if (settled.length === 0) throw new Error("the cluster has no room for one environment");
  return { settled, lastAtMs };
}

function partOf(found: number, count: number): string {
  return found === count ? `${count} environments` : `${found} of ${count} environments, all there is room for,`;
}

/** Readings are taken once a minute, by exec; what follows is free of them for a while. */
async function measured({ edge }: BridgeProcess): Promise<void> {
  const before = edge.telemetry.length;
  await waitUntil(() => edge.telemetry.length > before, patience);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
}

/** The bridge looks at everything again: it pulls, finds nothing changed, observes and plans. */
async function turn({ edge }: BridgeProcess): Promise<void> {
  const { pulls } = edge;
  edge.cluster.send({ type: "changed", revision: "again" });
  await waitUntil(() => edge.pulls > pulls, patience);
  // The loop observes every 10 s besides: two of these turns are waited for.
  await new Promise((resolve) => setTimeout(resolve, 21_000));
}

async function requestCounts({ server }: Stage): Promise<Map<string, number>> {
  const stream = await server.stream({ method: "GET", path: "/metrics" });
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  const totals = [...text.matchAll(/^apiserver_request_total\{(.*)\} (\d+)$/gm)];
  return new Map(
    totals.flatMap(([, labels = "", count]) =>
      ownRequests.some((own) => labels.includes(own)) ? [] : [[labels, Number(count)] as const],
    ),
  );
}

async function inBatches<T>(items: readonly T[], size: number, work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += size)
    await Promise.all(items.slice(start, start + size).map(work));
}
