/**
 * A Kubernetes cluster of one node in this process: a real HTTPS API, pods of real processes in namespaces of their own,
 * exec, logs and metrics of them, and on demand what befalls a real cluster. The tests beside it show that it does as a
 * measured Kubernetes 1.36 did, finding by finding; what it does not know it refuses rather than pretends.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientCertificate, makeCertificates } from "./access/certificates.ts";
import { Faults } from "./access/faults.ts";
import { kubeconfigText } from "./access/kubeconfig.ts";
import { RequestLog } from "./access/request-log.ts";
import { Tokens } from "./access/tokens.ts";
import { policiesFor } from "./admission/policies.ts";
import { countQuotas } from "./admission/quotas.ts";
import { MetricsServer } from "./api/metrics.ts";
import { timestamp } from "./api/objects.ts";
import { Pages } from "./api/pages.ts";
import { Registry } from "./api/registry.ts";
import { resourceOf } from "./api/resources.ts";
import { routes } from "./api/routes.ts";
import { ApiServer } from "./api/server.ts";
import { giveServiceAccount, keepServiceAccounts } from "./api/service-accounts.ts";
import { Store } from "./api/store.ts";
import { Watches } from "./api/watches.ts";
import { ClaimBinder } from "./kubelet/claim-binder.ts";
import { type ImageSpec, Images } from "./kubelet/images.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import { NodeControl } from "./kubelet/node-control.ts";
import { Obstacles } from "./kubelet/obstacles.ts";
import type { StorageClassSpec } from "./kubelet/persistent-volumes.ts";
import { checkNamespaces } from "./kubelet/programs.ts";
import { removeTree } from "./kubelet/remove-tree.ts";
import { Scheduler } from "./kubelet/scheduler.ts";
import { quickTimings, type Timings } from "./kubelet/timings.ts";
import { ExecServer } from "./streams/exec-server.ts";
import { LogServer } from "./streams/logs.ts";

export interface FakeClusterOptions {
  /** Made at the start; `default` is there always. A label sets Pod Security: `{ name, labels }`. */
  namespaces?: readonly (string | { name: string; labels: Readonly<Record<string, string>> })[];
  /** Images the registry lacks (`missing`) or that differ from the machine; every other name is the machine. */
  images?: Readonly<Record<string, ImageSpec | "missing">>;
  storageClasses?: readonly StorageClassSpec[];
  timings?: Partial<Timings>;
  node?: { cpu?: string; memory?: string; labels?: Readonly<Record<string, string>> };
  /** `1.36.0`. */
  version?: string;
}

export interface FakeCluster {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** Of somebody who may do everything. */
  readonly token: string;
  readonly tokens: Tokens;
  /** For the token (or the almighty one), as a file's text. */
  kubeconfig(change?: { token?: string; namespace?: string; certificate?: ClientCertificate }): string;
  /** For the almighty one, too. */
  readonly adminCertificate: ClientCertificate;
  /** All objects, for looking at; `registry` writes them past HTTP and RBAC. */
  readonly store: Store;
  readonly registry: Registry;
  readonly requests: RequestLog;
  readonly faults: Faults;
  readonly watches: Watches;
  readonly pages: Pages;
  readonly exec: ExecServer;
  readonly logs: LogServer;
  readonly metrics: MetricsServer;
  readonly images: Images;
  /** What befalls pods: evictions, memory, a full node. */
  readonly node: NodeControl;
  /** Breaks every connection, as when the API server is killed. */
  cutConnections(): void;
  /** The API server goes away, and comes back at the same address with everything it knew. */
  stopServing(): Promise<void>;
  /** The API server takes nothing new and ends what is idle; execs and watches that are open stay. */
  drain(): Promise<void>;
  serveAgain(): Promise<void>;
  /** Ends all processes and removes every file. */
  close(): Promise<void>;
}

export const standardClass: StorageClassSpec = {
  name: "standard",
  isDefault: true,
  waitsForConsumer: true,
  isDynamic: true,
  allowsExpansion: true,
};

/** Throws one line where the machine allows no unprivileged user namespaces. */
export async function startFakeCluster(options: FakeClusterOptions = {}): Promise<FakeCluster> {
  await checkNamespaces();
  const directory = await mkdtemp(join(tmpdir(), "fake-cluster-"));
  const certificates = await makeCertificates(directory);
  const timings = { ...quickTimings, ...options.timings };
  const store = new Store();
  const registry = new Registry(store, policiesFor(store));
  const watches = new Watches(store);
  const pages = new Pages();
  const images = new Images(options.images);
  const binder = new ClaimBinder(store, join(directory, "claims"), options.storageClasses ?? [standardClass]);
  const node = { name: "fake-node", cpu: "64", memory: "256Gi", ...options.node };
  const claimDirectory = binder.directoryOf.bind(binder);
  const obstacles = new Obstacles();
  const podsDirectory = join(directory, "pods");
  const kubelet = new Kubelet({ store, images, timings, obstacles, directory: podsDirectory, node, claimDirectory });
  const scheduler = new Scheduler(store, binder);
  countQuotas(store);
  for (const each of ["default", "kube-system", ...(options.namespaces ?? [])]) addNamespace(store, each);
  keepServiceAccounts(store, timings.serviceAccountMs);
  const doors = { tokens: new Tokens(), faults: new Faults(), requests: new RequestLog() };
  const token = doors.tokens.issue("kubernetes-admin");
  const exec = new ExecServer(store, kubelet, timings);
  const logs = new LogServer(store, kubelet);
  const metrics = new MetricsServer(store, kubelet, timings);
  const handlers = routes({
    registry,
    watches,
    pages,
    exec,
    logs,
    metrics,
    requests: doors.requests,
    version: options.version ?? "1.36.0",
  });
  const servers: ApiServer[] = [];
  let server = new ApiServer(certificates, doors, handlers);
  const url = await server.listen();
  return {
    url,
    ca: certificates.ca,
    adminCertificate: certificates.admin,
    token,
    ...doors,
    kubeconfig: (change) => kubeconfigText({ url, ca: certificates.ca, token, ...change }),
    ...{ store, registry, watches, pages, exec, logs, metrics, images },
    node: new NodeControl(store, kubelet, scheduler, obstacles),
    cutConnections: () => server.cutAll(),
    stopServing: () => server.close(),
    drain: () => server.drain(),
    serveAgain: async () => {
      servers.push(server);
      server = new ApiServer(certificates, doors, handlers);
      await server.listen(Number(new URL(url).port));
    },
    close: async () => {
      exec.close();
      await kubelet.close();
      for (const each of [...servers, server]) await each.close();
      await removeTree(directory);
    },
  };
}

function addNamespace(
  store: Store,
  namespace: string | { name: string; labels: Readonly<Record<string, string>> },
): void {
  const { name, labels } = typeof namespace === "string" ? { name: namespace, labels: {} } : namespace;
  const metadata = {
    name,
    uid: crypto.randomUUID(),
    resourceVersion: "",
    creationTimestamp: timestamp(),
    labels: { "kubernetes.io/metadata.name": name, ...labels },
  };
  const made = { apiVersion: "v1", kind: "Namespace", metadata, status: { phase: "Active" } };
  giveServiceAccount(store, store.put(resourceOf("namespaces"), made));
}
