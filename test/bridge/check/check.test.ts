/** `bridge --check` against a server and a cluster that are as they should be, and then wrong in one way each. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../../bridge/check/check.ts";
import { readConfig } from "../../../bridge/config.ts";
import { claim } from "../../../bridge/runtime/kubernetes/manifests/claim.ts";
import { ownersMark } from "../../../bridge/runtime/kubernetes/manifests/owners-mark.ts";
import { defaultSettings } from "../../../bridge/runtime/kubernetes/manifests/settings.ts";
import { permissionsFor } from "../../../bridge/runtime/kubernetes/permissions.ts";
import { resourceOf } from "../../support/kubernetes/api/resources.ts";
import { type FakeCluster, type FakeClusterOptions, startFakeCluster } from "../../support/kubernetes/cluster.ts";
import { desiredEnvironment } from "../runtime/contract.ts";
import { FakeEdge, token } from "../support/edge.ts";

const namespace = "devpocket-environments";
const restricted = { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } };
/** What the Roles of the chart grant. */
const rulesFor = (namespacePerUser: boolean) => [
  ...permissionsFor({ clusterId: "default", namespacePerUser }).map(({ group, resource, verbs, names }) => ({
    verbs,
    apiGroups: [group],
    resources: [resource],
    ...(names && { resourceNames: names }),
    ...(namespacePerUser ? {} : { namespace }),
  })),
  { verbs: ["get"], apiGroups: ["storage.k8s.io"], resources: ["storageclasses"] },
];
const rules = [...rulesFor(false), { verbs: ["get"], resources: ["namespaces"], namespace }];
const toolsImage = "ghcr.io/devpocket/bridge:1";

describe("bridge --check", { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "dp-check-"));
  const edge = new FakeEdge();
  beforeAll(async () => {
    await edge.start();
    writeFileSync(join(directory, "tmux"), '#!/bin/sh\nexec /usr/bin/tmux "$@"\n', { mode: 0o755 });
  });
  afterAll(async () => {
    await edge.stop();
    rmSync(directory, { recursive: true });
  });

  /** What is printed, and the exit code. */
  const look = async (variables: Record<string, string>, now?: () => Date) => {
    const lines: string[] = [];
    const config = readConfig({ BRIDGE_TOKEN: token, DEVPOCKET_URL: edge.url, ...variables }, "/nowhere");
    const code = await check(config, (line) => lines.push(line), now);
    const told = (subject: string) => lines.filter((line) => line.slice(6).startsWith(`${subject} `)).join("\n");
    return { code, lines, told };
  };
  const withCluster = async (options: FakeClusterOptions, use: (cluster: FakeCluster) => Promise<void>) => {
    const images = { [toolsImage]: { binds: { "/opt/devpocket/tools/bin/tmux": join(directory, "tmux") } } };
    const cluster = await startFakeCluster({ namespaces: [restricted], images, ...options });
    try {
      await use(cluster);
    } finally {
      await cluster.close();
    }
  };
  const lookAt = async (
    cluster: FakeCluster,
    more: Record<string, string> = {},
    as = cluster.tokens.issue("bridge", rules),
  ) => {
    const kubeconfig = join(directory, crypto.randomUUID());
    writeFileSync(kubeconfig, cluster.kubeconfig({ token: as }));
    return await look({
      BRIDGE_RUNTIME: "kubernetes",
      KUBECONFIG: kubeconfig,
      DEVPOCKET_TOOLS_IMAGE: toolsImage,
      ...more,
    });
  };

  it("finds nothing wrong where nothing is, with the bridge's own rights, and leaves nothing behind", async () => {
    await withCluster({}, async (cluster) => {
      const { code, lines } = await lookAt(cluster);
      expect(lines.join("\n")).not.toMatch(/^(fail|warn)/m);
      expect(lines.map((line) => line.slice(0, 20).trim())).toEqual([
        "ok    server",
        "ok    token",
        "ok    clock",
        "ok    cluster",
        "ok    clock",
        "ok    namespace",
        "ok    pod security",
        "ok    rights",
        "ok    storage",
        "ok    pods",
        "ok    metrics",
        "ok    tools image",
      ]);
      expect(code).toBe(0);
      expect(lines.join("\n")).not.toContain(token);
      const ours = cluster.requests.all.filter(({ verb, query }) => verb !== "get" && !query.includes("dryRun"));
      expect(ours.filter(({ resource }) => resource === "pods").map(({ verb }) => verb)).toEqual(["patch", "delete"]);
    });
  });

  it("tells a token that the server does not know, and a server that is none, is not there or is ill", async () => {
    const other = `dp_bridge_${"o".repeat(43)}`;
    expect((await look({ BRIDGE_TOKEN: other })).told("token")).toMatch(/^fail .*revoked/);
    expect((await look({ DEVPOCKET_URL: "http://127.0.0.1:9123" })).told("server")).toMatch(
      /^fail .*nothing listens there/,
    );
    expect((await look({ DEVPOCKET_URL: "http://no-such-name.invalid" })).told("server")).toMatch(/fail .*(DNS)/);
    edge.failWith = 404;
    expect((await look({})).told("server")).toMatch(/^fail .*as no DevPocket server/);
    edge.failWith = 503;
    const ill = await look({});
    edge.failWith = null;
    expect(ill.told("server")).toMatch(/^fail .*it is ill/);
    expect(ill.code).toBe(1);
  });

  it("tells a clock that is wrong", async () => {
    const { told, code } = await look({}, () => new Date(Date.now() + 300_000));
    expect(told("clock")).toMatch(/^fail .* 30\d s apart/);
    expect(code).toBe(1);
  });

  it("tells a kubeconfig that is missing, none, of another cluster, or nobody's any more", async () => {
    const kubernetes = { BRIDGE_RUNTIME: "kubernetes" };
    expect((await look(kubernetes)).told("cluster")).toMatch(/^fail .*No KUBECONFIG is given, and this is no pod/);
    expect((await look({ ...kubernetes, KUBECONFIG: "/nowhere/at/all" })).told("cluster")).toMatch(
      /cannot be read as a kubeconfig \(ENOENT\)/,
    );
    const broken = join(directory, "broken");
    writeFileSync(broken, "{ not: [a kubeconfig");
    expect((await look({ ...kubernetes, KUBECONFIG: broken })).told("cluster")).toMatch(
      /cannot be read as a kubeconfig/,
    );
    await withCluster({}, async (cluster) => {
      await withCluster({}, async (elsewhere) => {
        const mixed = join(directory, "mixed");
        writeFileSync(mixed, cluster.kubeconfig().replace(cluster.url, elsewhere.url));
        const { told, code } = await look({ ...kubernetes, KUBECONFIG: mixed });
        expect(told("cluster")).toMatch(/^fail .*cannot be talked to.*Is the kubeconfig one of this cluster/);
        expect(code).toBe(1);
      });
      const revoked = cluster.tokens.issue("bridge", rules);
      cluster.tokens.revoke(revoked);
      expect((await lookAt(cluster, {}, revoked)).told("cluster")).toMatch(/^fail .*does not accept our credentials/);
    });
  });

  it("tells a cluster that is too old", async () => {
    await withCluster({ version: "1.27.4" }, async (cluster) => {
      expect((await lookAt(cluster)).told("cluster")).toMatch(/^fail .*is Kubernetes 1\.27; environments need 1\.28/);
    });
  });

  it("tells a namespace that is missing or enforces nothing, and goes no further without one", async () => {
    await withCluster({ namespaces: [] }, async (cluster) => {
      const { told, lines } = await lookAt(cluster);
      expect(told("namespace")).toMatch(/^fail .*kubectl create namespace devpocket-environments/);
      expect(lines.at(-1)).toContain("namespace");
    });
    await withCluster({ namespaces: [namespace] }, async (cluster) => {
      const { told, code } = await lookAt(cluster);
      expect(told("pod security")).toMatch(/^warn .*enforces nothing: kubectl label/);
      expect(code).toBe(0);
    });
    await withCluster({}, async (cluster) => {
      const { told } = await lookAt(cluster, { DEVPOCKET_USER_NAMESPACES: "true" });
      expect(told("pod security")).toMatch(/^fail .*lets no template be root/);
    });
  });

  it("names every right that is missing", async () => {
    await withCluster({}, async (cluster) => {
      const fewer = rules.map((rule) =>
        rule.resources[0] === "pods/exec"
          ? { ...rule, verbs: ["create"] }
          : rule.resources[0] === "secrets"
            ? { ...rule, verbs: [] }
            : rule,
      );
      const { told, code } = await lookAt(cluster, {}, cluster.tokens.issue("bridge", fewer));
      expect(told("rights")).toMatch(
        /^fail .*we may not in devpocket-environments: get pods\/exec; get, create, patch secrets\./,
      );
      expect(code).toBe(1);
    });
  });

  it("asks where each person has a namespace for the rights in every one, and whether one could be made", async () => {
    await withCluster({}, async (cluster) => {
      const perUser = { DEVPOCKET_NAMESPACE_PER_USER: "true" };
      const whole = await lookAt(cluster, perUser, cluster.tokens.issue("bridge", rulesFor(true)));
      expect(whole.lines.join("\n")).not.toMatch(/^(fail|warn)/m);
      expect(whole.told("rights")).toMatch(/^ok .*in every namespace/);
      expect(whole.told("owners")).toMatch(/^ok .*devpocket-environments-\.\.\./);
      const left = cluster.store.list(resourceOf("namespaces")).map(({ metadata }) => metadata.name);
      expect(left.filter((name) => name.startsWith(`${namespace}-`))).toEqual([]);
      // The rights of a Role are none there.
      const narrow = await lookAt(cluster, perUser, cluster.tokens.issue("bridge", rules));
      expect(narrow.told("rights")).toMatch(
        /^fail .*we may not in every namespace: .*patch, delete namespaces; .*networkpolicies\.networking\.k8s\.io.*ClusterRole/,
      );
      expect(narrow.told("owners")).toMatch(/^fail .*no namespace devpocket-environments-0{20} could be made/);
      expect(narrow.code).toBe(1);
    });
  });

  it("tells in one namespace that people had their own, and in those who is not", async () => {
    const perUser = { DEVPOCKET_NAMESPACE_PER_USER: "true" };
    await withCluster({ namespaces: [restricted, `${namespace}-${"x".repeat(20)}`] }, async (cluster) => {
      const make = (plural: string, manifest: { metadata?: { name?: string } }) => {
        const target = { resource: resourceOf(plural), namespace, name: manifest.metadata?.name ?? "" };
        const wish = { manager: "devpocket-bridge", isForced: false, isDryRun: false, subresource: undefined };
        return cluster.registry.patch({ ...target, subresource: undefined }, "apply", manifest, wish);
      };
      const settings = { ...defaultSettings, namespacePerUser: true };
      make("persistentvolumeclaims", claim({ ...desiredEnvironment(), id: "env_0123456789abcdefghij" }, settings));
      const { told } = await lookAt(cluster, perUser, cluster.tokens.issue("bridge", rulesFor(true)));
      expect(told("owners")).toMatch(/^warn .*not this bridge's.*devpocket-environments-x{20}$/m);
      expect(told("owners")).toMatch(/^ok .* 1 from before, in devpocket-environments, stay there/m);
      expect((await lookAt(cluster)).told("owners")).toBe("");
      make("configmaps", ownersMark(settings));
      const off = await lookAt(cluster);
      expect(off.told("owners")).toMatch(/^fail .*does nothing: .*turn namespacePerUser on again/);
      expect(off.code).toBe(1);
    });
  });

  it("tells a storage class that is missing, and a cluster without a default one", async () => {
    await withCluster({ storageClasses: [] }, async (cluster) => {
      expect((await lookAt(cluster)).told("storage")).toMatch(/^fail .*no default storage class/);
      expect((await lookAt(cluster, { DEVPOCKET_STORAGE_CLASS: "fast" })).told("storage")).toMatch(
        /^fail .*no storage class fast/,
      );
    });
  });

  it("tells that there are no metrics, and what is done without", async () => {
    await withCluster({}, async (cluster) => {
      cluster.metrics.state = "not installed";
      const { told, code } = await lookAt(cluster);
      expect(told("metrics")).toMatch(/^warn .*not installed: readings are taken inside/);
      expect(code).toBe(0);
    });
  });

  it("tells a tools image that cannot be pulled, holds no tmux, or is not named, and removes its pod", async () => {
    await withCluster({ images: { "gone:1": "missing" } }, async (cluster) => {
      expect((await lookAt(cluster, { DEVPOCKET_TOOLS_IMAGE: "gone:1" })).told("tools image")).toMatch(
        /^fail .*gone:1 does not run: .*not found/,
      );
      expect((await lookAt(cluster, { DEVPOCKET_TOOLS_IMAGE: "debian:12" })).told("tools image")).toMatch(
        /^fail .*no tmux in \/opt\/devpocket\/tools/,
      );
      const none = await lookAt(cluster, { DEVPOCKET_TOOLS_IMAGE: "none" });
      expect(none.told("tools image")).toMatch(/^warn .*each environment's image must have a tmux/);
      expect(none.code).toBe(0);
    });
  });
});
