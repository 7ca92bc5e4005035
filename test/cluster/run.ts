/** One run on a cluster: a namespace of its own, what that cluster can do, and the end of everything in it. */
import { randomBytes } from "node:crypto";
import { permissionsFor } from "../../bridge/runtime/kubernetes/permissions.ts";
import { type Connection, connect, goneWithinMs, orNull, until, untilUsable } from "./connection.ts";
import { runErrand } from "./errands.ts";
import { aliveNow, keepAlive, removeKilled } from "./killed-runs.ts";
import { peoplesNamespaces } from "./people.ts";
import { missingRight } from "./rights.ts";
import { type ClusterSettings, readSettings } from "./settings.ts";
import { empty, isReleased, keptVolumeOf, offerAgain, recoverVolumes } from "./volumes.ts";

/** What the tests are told of it; plain data, as it passes between processes. */
export interface ClusterUnderTest {
  namespace: string;
  isOwnNamespace: boolean;
  clusterId: string;
  image: string;
  imagePullPolicy: string;
  labels: Record<string, string>;
  nodeSelector: Record<string, string>;
  /** Why no volume can be bound; null where one can. */
  volumeObstacle: string | null;
  /** Which right a namespace for each person takes that the user has not; null: has them all. */
  missingRight: string | null;
}

const label = "devpocket.app/cluster";

export async function beginRun(settings: ClusterSettings = readSettings()): Promise<ClusterUnderTest> {
  const connection = connect(settings.kubeconfig);
  const id = `test-${randomBytes(4).toString("hex")}`;
  const namespace = settings.namespace ?? `devpocket-${id}`;
  const labels = { [label]: id };
  const { imagePullPolicy, nodeSelector } = settings.manifests;
  const run = {
    namespace,
    isOwnNamespace: settings.namespace === null,
    clusterId: id,
    image: settings.image,
    imagePullPolicy,
    labels,
    nodeSelector: { ...nodeSelector },
    volumeObstacle: null,
    missingRight: await missingRight(connection, permissionsFor({ clusterId: id, namespacePerUser: true })),
  };
  if (run.isOwnNamespace) await makeNamespace(connection, run);
  try {
    if (run.isOwnNamespace) await removeKilled(connection, run);
    return { ...run, volumeObstacle: await tryVolume(connection, run, settings) };
  } catch (error) {
    await endRun(run, settings);
    throw error;
  }
}

async function makeNamespace(connection: Connection, { namespace: name, labels }: ClusterUnderTest): Promise<void> {
  const { core } = connection;
  const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
  const metadata = { name, labels: { ...restricted, ...labels }, annotations: aliveNow() };
  const made = await orNull(core.createNamespace({ body: { metadata } }), [403]);
  if (made === null) throw new Error("KUBECONFIG may not make namespaces: DEVPOCKET_TEST_NAMESPACE names one to use");
  keepAlive(connection, name);
  await untilUsable(connection, name);
}

/** Whether the image runs, and a volume of the class that environments get can be bound, and serve again and again. */
async function tryVolume(
  connection: Connection,
  run: ClusterUnderTest,
  settings: ClusterSettings,
): Promise<string | null> {
  const { namespace, labels } = run;
  const { storageClass } = settings.manifests;
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: String(settings.storageBytes) } } };
  // Runs may share a namespace.
  const name = `errand-${run.clusterId}`;
  const body = {
    metadata: { name, labels },
    spec: storageClass === null ? spec : { ...spec, storageClassName: storageClass },
  };
  await connection.core.createNamespacedPersistentVolumeClaim({ namespace, body });
  const why = await runErrand(connection, { ...run, script: "touch /volume/x && rm /volume/x", claimName: name });
  const isUsedUp = await removeClaim(connection, run, name);
  if (isUsedUp && why === null)
    return "kept volumes may not be offered again (patch persistentvolumes), and each test would use one up";
  return why;
}

/** Removes everything of ours: what a test left, or all. */
export async function clear(connection: Connection, run: ClusterUnderTest): Promise<void> {
  const { core } = connection;
  const { namespace } = run;
  const labelSelector = `${label}=${run.clusterId}`;
  for (const name of await peoplesNamespaces(connection, run.clusterId)) {
    await clearVolumes(connection, { ...run, namespace: name });
    await removeNamespace(connection, name);
  }
  await clearVolumes(connection, run);
  // Of a namespace that others use too, nobody knows whose volumes these were.
  if (run.isOwnNamespace) await recoverVolumes(connection, run);
  await core.deleteCollectionNamespacedSecret({ namespace, labelSelector });
  await core.deleteCollectionNamespacedService({ namespace, labelSelector });
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector });
}

/** The pods and claims of one namespace. */
async function clearVolumes(connection: Connection, run: ClusterUnderTest): Promise<void> {
  const { core } = connection;
  const { namespace } = run;
  const labelSelector = `${label}=${run.clusterId}`;
  // Not 0: that takes the object away while its processes still run, and write to the volume that is emptied next.
  await core.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds: 1 });
  const noPods = async () => (await core.listNamespacedPod({ namespace, labelSelector })).items.length === 0;
  await until("the pods are gone", goneWithinMs, noPods);
  const { items } = await core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector });
  for (const { metadata } of items) await removeClaim(connection, run, metadata?.name ?? "");
}

/** Whether its volume is there, and nobody can have it any more. */
async function removeClaim(connection: Connection, run: ClusterUnderTest, name: string): Promise<boolean> {
  const { core } = connection;
  const { namespace } = run;
  const volume = await keptVolumeOf(connection, namespace, name);
  if (volume !== null) await empty(connection, run, name);
  await orNull(core.deleteNamespacedPersistentVolumeClaim({ name, namespace }));
  await until(`claim ${name} is gone`, goneWithinMs, () => isReleased(connection, { name, namespace }));
  return volume !== null && !(await offerAgain(connection, volume));
}

/** Leaves nothing behind. */
export async function endRun(run: ClusterUnderTest, settings: ClusterSettings = readSettings()): Promise<void> {
  const connection = connect(settings.kubeconfig);
  await clear(connection, run);
  if (run.isOwnNamespace) await removeNamespace(connection, run.namespace);
}

async function removeNamespace({ core }: Connection, name: string): Promise<void> {
  await orNull(core.deleteNamespace({ name }));
  const isGone = async () => (await orNull(core.readNamespace({ name }))) === null;
  await until(`namespace ${name} is gone`, goneWithinMs, isGone).catch(async () => {
    // It is empty; what holds it is the cluster's, such as an API whose server does not answer.
    const { status } = await core.readNamespace({ name });
    const why = status?.conditions?.filter(({ status }) => status === "True").map(({ message }) => message);
    console.error(`namespace ${name} is still being removed by the cluster: ${why?.join("; ")}`);
  });
}
