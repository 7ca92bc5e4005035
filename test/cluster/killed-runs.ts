/**
 * Runs that were killed (SIGKILL, a machine that went down) leave their namespace, and in it volumes that others need. A run says
 * that it is alive as long as it is; what says so no more is removed by the next run.
 */
import { ApiException } from "@kubernetes/client-node";
import { type Connection, goneWithinMs, orNull, until } from "./connection.ts";
import { peoplesNamespaces } from "./people.ts";
import type { ClusterUnderTest } from "./run.ts";
import { isReleased, recoverVolumes } from "./volumes.ts";

const beatEveryMs = 10_000;
const silentAfterMs = 35_000;
const beat = "devpocket.app/alive-at";
const namePattern = /^devpocket-test-[0-9a-f]{8}$/;

/** What a run's namespace says from its beginning. */
export const aliveNow = (): Record<string, string> => ({ [beat]: new Date().toISOString() });

/** Until this process ends, or the namespace. */
export function keepAlive({ core }: Connection, name: string): void {
  const path = `/metadata/annotations/${beat.replace("/", "~1")}`;
  const say = async () => {
    const body = [{ op: "add", path, value: new Date().toISOString() }];
    await core.patchNamespace({ name, body }).catch((error: unknown) => {
      if (error instanceof ApiException && error.code === 404) clearInterval(timer);
    });
  };
  const timer = setInterval(() => void say(), beatEveryMs).unref();
}

/** Waits to see which of the others live, where there are any. */
export async function removeKilled(
  connection: Connection,
  run: ClusterUnderTest,
  afterMs = silentAfterMs,
): Promise<void> {
  const before = await beats(connection, run);
  if (before.size === 0) return;
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const after = await beats(connection, run);
  for (const [name, said] of before) if (after.get(name) === said) await remove(connection, run, name);
}

/** What the other runs' namespaces said last. */
async function beats({ core }: Connection, run: ClusterUnderTest): Promise<Map<string, string>> {
  const namespaces = await orNull(core.listNamespace(), [403]);
  const others = (namespaces?.items ?? []).flatMap(({ metadata }) => {
    const { name = "", labels, annotations } = metadata ?? {};
    const isRun = namePattern.test(name) && labels?.["devpocket.app/cluster"] === name.replace("devpocket-", "");
    return isRun && name !== run.namespace ? [[name, annotations?.[beat] ?? ""] as const] : [];
  });
  return new Map(others);
}

/** And what it made for people. */
async function remove(connection: Connection, run: ClusterUnderTest, namespace: string): Promise<void> {
  console.error(`namespace ${namespace} was left by a run that was killed: it is removed`);
  const theirs = await peoplesNamespaces(connection, namespace.replace("devpocket-", ""));
  for (const each of [...theirs, namespace]) await removeOne(connection, each);
  await recoverVolumes(connection, run, namespace);
}

async function removeOne(connection: Connection, namespace: string): Promise<void> {
  const { core } = connection;
  await orNull(core.deleteNamespace({ name: namespace }), [404, 409]);
  await until(`the claims of ${namespace} are gone`, goneWithinMs, async () => {
    const { items } = await core.listNamespacedPersistentVolumeClaim({ namespace });
    const ends = items.map(({ metadata }) => isReleased(connection, { name: metadata?.name ?? "", namespace }));
    return (await Promise.all(ends)).length === 0;
  });
}
