/** The chart: its values are checked, what it makes is what the bridge needs, and bridge.yaml is the same. */
import { readFileSync } from "node:fs";
import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../bridge/config.ts";
import { type Rendered, renderObjects, type Values, valuesWith } from "../../../bridge/deploy/render/chart.ts";
import { plainManifest } from "../../../bridge/deploy/render/manifest.ts";
import { networkPolicies } from "../../../bridge/runtime/kubernetes/manifests/network-policies.ts";
import { ownersMarkName } from "../../../bridge/runtime/kubernetes/manifests/owners-mark.ts";
import { defaultSettings } from "../../../bridge/runtime/kubernetes/manifests/settings.ts";
import { permissionsFor } from "../../../bridge/runtime/kubernetes/permissions.ts";
import { podSecurityViolations } from "../../support/kubernetes/pod-security.ts";

const deploy = new URL("../../../bridge/deploy/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, deploy), "utf8");
const isValid = new Ajv({ allErrors: true }).compile(JSON.parse(read("chart/values.schema.json")));
const token = `dp_bridge_${"x".repeat(43)}`;

const everything: Values = {
  server: { url: "https://dev.example.com" },
  token: { value: token },
  replicas: 3,
  image: { repository: "registry.example.com:5000/bridge", tag: "2.0.0-rc.1" },
  imagePullSecrets: ["one", "two"],
  nodeSelector: { pool: "system" },
  tolerations: [{ key: "system", operator: "Exists" }],
  affinity: { nodeAffinity: {} },
  environments: {
    namespace: "people",
    cluster: "eu-1",
    toolsImage: "none",
    imagePullPolicy: "Always",
    imagePullSecrets: ["registry"],
    storageClass: "fast",
    userNamespaces: true,
    runtimeClass: "gvisor",
    nodeSelector: { "devpocket.app/pool": "people", disk: "ssd" },
    overcommit: { cpu: 4, memory: 1.5 },
    dnsServers: ["10.0.0.10/32", "fd00::10/128"],
    quota: { "limits.memory": "64Gi" },
    limits: [{ type: "Container", max: { memory: "8Gi" } }],
  },
};
const nothing: Values = {
  token: { existingSecret: "mine" },
  replicas: 1,
  metrics: { annotations: false },
  environments: { createNamespace: false, networkPolicies: false, quota: null, dnsServers: [] },
};
const owners: Values = { environments: { namespace: "people", cluster: "eu-1", namespacePerUser: true } };
/** Names and labels that YAML takes for something else unless they are quoted. */
const misleading: Values = {
  token: { existingSecret: "1e3" },
  imagePullSecrets: ["007"],
  environments: { namespace: "no", cluster: "on", imagePullSecrets: ["1"], nodeSelector: { pool: "yes" } },
};
const variants = { default: {}, everything, nothing, owners, misleading };
const release = { name: "release", namespace: "there" };
const render = (changes: Values = {}) => renderObjects(release, valuesWith(changes));

function only(objects: Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  expect(found.map((each) => each.metadata.name)).toHaveLength(1);
  return found[0] as Rendered;
}
const podOf = (objects: Rendered[]) => (only(objects, "Deployment") as unknown as V1Deployment).spec?.template as V1Pod;

describe("the chart's values", () => {
  it.each(Object.entries(variants))("are accepted: %s", (_, changes) => {
    const values = valuesWith(changes);
    if (values["environments"]) delete (values["environments"] as { quota?: unknown }).quota;
    expect(isValid(values) || isValid.errors).toBe(true);
  });

  it.each<[string, Values]>([
    ["a misspelt word", { replica: 2 }],
    ["a token that is none", { token: { value: "hunter2" } }],
    ["an address that is no URL", { server: { url: "api.example.com" } }],
    ["no replica", { replicas: 0 }],
    ["a malformed quantity", { resources: { limits: { memory: "1.5Gib" } } }],
    ["a namespace that can be none", { environments: { namespace: "People_1" } }],
    ["a pull policy of nobody's", { environments: { imagePullPolicy: "Sometimes" } }],
    ["less than there is", { environments: { overcommit: { cpu: 0.5 } } }],
    ["people's namespaces without policies", { environments: { namespacePerUser: true, networkPolicies: false } }],
    ["a Secret without a name", { imagePullSecrets: [""] }],
    ["a name server without its range", { environments: { dnsServers: ["10.0.0.10"] } }],
  ])("are refused with %s", (_, changes) => {
    expect(isValid(valuesWith(changes))).toBe(false);
    expect(isValid.errors?.[0]?.instancePath).toBeDefined();
  });
});

describe("what the chart makes", () => {
  it.each(["007", "1e3", "on", "2026-01-01"])(
    "is called by texts, also where they look like something else: %s",
    (name) => {
      for (const namespacePerUser of [false, true]) {
        const values = valuesWith({
          ...misleading,
          environments: { ...(misleading["environments"] as object), namespacePerUser },
        });
        for (const object of renderObjects({ name, namespace: name }, values)) expect(notTexts(object)).toEqual([]);
      }
    },
  );

  it.each(Object.entries(variants))("has a name and a namespace each, none twice: %s", (_, changes) => {
    const objects = render(changes);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of objects) {
      expect(metadata.namespace === undefined).toBe(/^Namespace$|^ClusterRole/.test(kind));
      expect(metadata.name).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
    }
  });

  it.each(Object.entries(variants))(
    "runs the bridge restricted, with limits and nothing to write to: %s",
    (_, changes) => {
      const pod = podOf(render(changes));
      expect(podSecurityViolations(pod, "restricted")).toEqual([]);
      const [container] = pod.spec?.containers ?? [];
      expect(container?.securityContext?.readOnlyRootFilesystem).toBe(true);
      expect(container?.resources).toMatchObject({ limits: { memory: "768Mi" }, requests: { cpu: "100m" } });
      expect(container?.livenessProbe?.httpGet?.path).toBe("/health/live");
      expect(container?.readinessProbe?.httpGet?.path).toBe("/health");
    },
  );

  it("tells the bridge what its values say, in words the bridge understands", () => {
    const settingsOf = (changes: Values) => readConfig(variablesOf(podOf(render(changes))), "/nowhere");
    expect(settingsOf({})).toMatchObject({
      edgeUrl: "https://api.devpocket.app",
      runtime: "kubernetes",
      health: { port: 8081, address: "10.1.2.3" },
      metrics: { port: 9464, address: "10.1.2.3" },
      instance: "own-name",
      kubernetes: { kubeconfig: null, settings: { ...defaultSettings, toolsImage: "ghcr.io/devpocket/bridge:1.0.0" } },
    });
    expect(settingsOf({ environments: { namespacePerUser: true, dnsServers: ["10.0.0.10/32"] } })).toMatchObject({
      // There the bridge makes the policies.
      kubernetes: { settings: { namespacePerUser: true, dnsServers: ["10.0.0.10/32"] } },
    });
    expect(settingsOf(everything).kubernetes.settings).toEqual({
      namespace: "people",
      namespacePerUser: false,
      clusterId: "eu-1",
      toolsImage: null,
      storageClass: "fast",
      imagePullPolicy: "Always",
      imagePullSecrets: ["registry"],
      hasUserNamespaces: true,
      runtimeClass: "gvisor",
      nodeSelector: { "devpocket.app/pool": "people", disk: "ssd" },
      overcommit: { cpu: 4, memory: 1.5 },
      // Only for the policies, which the chart makes.
      dnsServers: defaultSettings.dnsServers,
    });
  });

  it("grants in the environments' namespace what the bridge does there, and nothing anywhere else", () => {
    const objects = render(everything);
    const granted = grantedBy(only(objects, "Role"));
    const own = { group: "", resource: "namespaces", verbs: ["get"], names: ["people"] };
    expect(granted).toEqual([...permissionsFor({ clusterId: "eu-1", namespacePerUser: false }), own]);
    expect(only(objects, "Role").metadata.namespace).toBe("people");
    expect(only(objects, "RoleBinding")).toMatchObject({
      metadata: { namespace: "people" },
      roleRef: { kind: "Role", name: "release" },
      subjects: [{ kind: "ServiceAccount", name: "release", namespace: "there" }],
    });
    expect(objects.some(({ kind }) => kind.startsWith("Cluster"))).toBe(false);
    expect(podOf(objects).spec?.serviceAccountName).toBe("release");
  });

  it("grants in every namespace what the bridge does there, where each person has one, and no Role", () => {
    const objects = render(owners);
    const role = only(objects, "ClusterRole");
    expect(grantedBy(role)).toEqual(permissionsFor({ clusterId: "eu-1", namespacePerUser: true }));
    expect(only(objects, "ClusterRoleBinding")).toMatchObject({
      roleRef: { kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: "release", namespace: "there" }],
    });
    expect(objects.filter(({ kind }) => kind === "Role" || kind === "RoleBinding")).toEqual([]);
    // Two releases in one cluster have a ClusterRole each.
    expect(role.metadata.name).toBe("there-release");
  });

  it("keeps environments apart by the same policies as the bridge knows them", () => {
    const made = render(everything).filter(
      ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.namespace === "people",
    );
    const settings = {
      ...defaultSettings,
      namespace: "people",
      clusterId: "eu-1",
      dnsServers: ["10.0.0.10/32", "fd00::10/128"],
    };
    // They stay with the environments when the release goes.
    const kept = { annotations: { "helm.sh/resource-policy": "keep" } };
    const known = networkPolicies(settings).map((policy) => ({ ...policy, metadata: { ...policy.metadata, ...kept } }));
    expect(made).toEqual(known);
    expect(
      render(nothing)
        .filter(({ metadata }) => metadata.namespace === "devpocket-environments")
        .map(({ kind }) => kind),
    ).toEqual(["Role", "RoleBinding"]);
  });

  it("makes the namespace with the Pod Security level that its templates need, and keeps it", () => {
    const labelOf = (changes: Values) => only(render(changes), "Namespace").metadata["labels"];
    expect(labelOf({})).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    expect(labelOf(everything)).toMatchObject({ "pod-security.kubernetes.io/enforce": "baseline" });
    expect(only(render(), "Namespace").metadata["annotations"]).toEqual({ "helm.sh/resource-policy": "keep" });
  });

  it("takes the token from a Secret, and begins anew with another one of its own", () => {
    const secretOf = (changes: Values) =>
      podOf(render(changes)).spec?.containers[0]?.env?.find(({ name }) => name === "BRIDGE_TOKEN")?.valueFrom
        ?.secretKeyRef?.name;
    expect(secretOf({})).toBe("devpocket-bridge-token");
    expect(secretOf(nothing)).toBe("mine");
    expect(only(render(everything), "Secret")["stringData"]).toEqual({ token });
    const marked = podOf(render(everything)).metadata?.annotations?.["devpocket.app/token"];
    expect(marked).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(podOf(render(everything)))).not.toContain(token);
  });

  it("keeps one bridge through a drain, where there are two", () => {
    const budget = only(render(), "PodDisruptionBudget") as unknown as { spec: { selector: { matchLabels: object } } };
    expect(podOf(render()).metadata?.labels).toMatchObject(budget.spec.selector.matchLabels);
    expect(render(nothing).some(({ kind }) => kind === "PodDisruptionBudget")).toBe(false);
  });

  it("is nothing where it would leave people's namespaces behind, which are named", () => {
    const marked = (kept: string) => (_: string, kind: string, namespace: string, name: string) =>
      `${kind} ${namespace}/${name}` === kept ? { kind } : null;
    const mark = marked(`ConfigMap people/${ownersMarkName({ clusterId: "eu-1" })}`);
    expect(() => renderObjects(release, valuesWith(everything), mark)).toThrow(
      /namespacePerUser cannot be turned off yet: .*ConfigMap devpocket-eu-1-owners in people/,
    );
    expect(renderObjects(release, valuesWith(owners), mark)).toEqual(render(owners));
    expect(renderObjects(release, valuesWith(everything), marked("ConfigMap people/other"))).toEqual(
      render(everything),
    );
  });

  it("selects with every selector the pods it makes", () => {
    const objects = render(everything);
    const { selector } = only(objects, "Deployment")["spec"] as { selector: { matchLabels: object } };
    const pod = podOf(objects);
    expect(pod.metadata?.labels).toMatchObject(selector.matchLabels);
    expect(pod.metadata?.labels).toMatchObject(
      pod.spec?.topologySpreadConstraints?.[0]?.labelSelector?.matchLabels ?? {},
    );
  });

  it("is bridge.yaml, with its own values (npm run manifest:write)", () => {
    expect(read("bridge.yaml")).toBe(plainManifest());
  });
});

/** Where in an object a name or a label is no text. */
function notTexts(value: unknown, keys: readonly string[] = []): string[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, each]) => notTexts(each, [...keys, key]));
  const [parent = "", key = ""] = keys.slice(-2);
  const isText = /name(space)?$/i.test(key) || /(labels|annotations|selector|names)$/i.test(parent);
  return isText && typeof value !== "string" ? [`${keys.join(".")}: ${value}`] : [];
}

/** A role's rules, one for each resource, as permissions.ts writes them. */
function grantedBy(role: Rendered) {
  const { rules } = role as unknown as { rules: Record<string, string[]>[] };
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    (apiGroups ?? []).flatMap((group) =>
      (resources ?? []).map((resource) => ({ group, resource, verbs, ...(resourceNames && { names: resourceNames }) })),
    ),
  );
}

/** The pod's variables as its process would have them. */
function variablesOf(pod: V1Pod): Record<string, string> {
  const fields: Record<string, string> = { "metadata.name": "own-name", "status.podIP": "10.1.2.3" };
  const variables = pod.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(
    variables.map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""] ?? token,
    ]),
  );
}
