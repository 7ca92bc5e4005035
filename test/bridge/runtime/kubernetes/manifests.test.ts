/** Every manifest as it is sent, byte for byte, and what holds for all of them whatever is in an environment. */
import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { claim } from "../../../../bridge/runtime/kubernetes/manifests/claim.ts";
import { initConfig, initConfigName } from "../../../../bridge/runtime/kubernetes/manifests/init-config.ts";
import { environmentIdOf, objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { namespaceOf, ownersNamespace } from "../../../../bridge/runtime/kubernetes/manifests/namespace.ts";
import { limitRange, quota, roomFor } from "../../../../bridge/runtime/kubernetes/manifests/namespace-limits.ts";
import { networkPolicies } from "../../../../bridge/runtime/kubernetes/manifests/network-policies.ts";
import { pod } from "../../../../bridge/runtime/kubernetes/manifests/pod.ts";
import { startupSecret, variablesSecret } from "../../../../bridge/runtime/kubernetes/manifests/secrets.ts";
import { isRootRefused } from "../../../../bridge/runtime/kubernetes/manifests/security.ts";
import { service } from "../../../../bridge/runtime/kubernetes/manifests/service.ts";
import { defaultSettings, type ManifestSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { hostileTexts } from "../../../support/hostile-texts.ts";
import { podSecurityViolations } from "../../../support/kubernetes/pod-security.ts";
import { desiredEnvironment } from "../contract.ts";

const gibibyte = 2 ** 30;
const claimUid = "00000000-0000-0000-0000-000000000001";
const parts = { claimUid, initConfig: "devpocket-init-000000000000" };
const environment: DesiredEnvironment = {
  ...desiredEnvironment(),
  id: "env_golden00000000000000",
  generation: 7,
  image: "node:22",
  port: 3000,
  startup_commands: ["node --version", "printf 'two\\nlines'\necho third"],
  environment_variables: {
    GREETING: "hello\nworld",
    EMPTY: "",
    TERM: "dumb",
    DEVPOCKET_ENVIRONMENT_ID: "other",
    ÜMLAUT: "x",
  },
};
const settings: ManifestSettings = { ...defaultSettings, toolsImage: "ghcr.io/devpocket/bridge:1.0.0" };
const everything: ManifestSettings = {
  ...settings,
  toolsImage: null,
  storageClass: "fast",
  imagePullPolicy: "Always",
  imagePullSecrets: ["registry"],
  hasUserNamespaces: true,
  runtimeClass: "gvisor",
  nodeSelector: { "devpocket.app/pool": "environments" },
};
const plan = {
  id: "usr_golden00000000000000",
  max_environments: 3,
  largest: { cpu_millicores: 1500, memory_bytes: 4 * gibibyte, storage_bytes: 20 * gibibyte },
};

describe("the manifests", () => {
  it.each([
    ["claim", claim(environment, settings)],
    ["claim-with-class", claim(environment, everything)],
    ["variables", variablesSecret(environment, claimUid, settings)],
    ["startup", startupSecret(environment, claimUid, settings)],
    ["service", service(environment, claimUid, settings)],
    ["pod", pod(environment, parts, settings)],
    ["pod-of-everything", pod({ ...environment, needs_root: true, port: null }, parts, everything)],
    ["init-config", initConfig({ "init.sh": "#!/bin/sh\n" }, settings)],
    ["network-policies", networkPolicies(settings)],
    ["quota", quota(roomFor(plan, []), settings)],
    ["limit-range", limitRange(roomFor(plan, []), settings)],
    ["namespace", ownersNamespace(plan.id, { ...settings, namespacePerUser: true })],
  ])("sends %s as it stands in golden/", async (name, manifest) => {
    await expect(stringify(manifest, { aliasDuplicateObjects: false })).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it("makes no service for an environment without a port", () => {
    expect(service({ ...environment, port: null }, claimUid, settings)).toBeNull();
  });

  it("names a person's namespace by the id alone, each another, as a namespace can be called", () => {
    const ids = ["usr_golden00000000000000", "usr_golden00000000000001", "Usr_golden00000000000000", "a", "ä/#{}\n"];
    const long = { ...settings, namespace: "p".repeat(40) };
    const names = ids.map((id) => namespaceOf(id, long));
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(new Set(names).size).toBe(ids.length);
    expect(namespaceOf("usr_golden00000000000000", settings)).toBe("devpocket-environments-golden00000000000000");
  });

  it("has room for what is there already, where a plan has become smaller than that", () => {
    const there = { cpu_millicores: 4000, memory_bytes: gibibyte, storage_bytes: 100 * gibibyte };
    expect(roomFor({ ...plan, max_environments: 1 }, [there, there])).toEqual({
      environments: 2,
      largest: { cpu_millicores: 4000, memory_bytes: 4 * gibibyte, storage_bytes: 100 * gibibyte },
      total: { cpu_millicores: 8000, memory_bytes: 4 * gibibyte, storage_bytes: 200 * gibibyte },
    });
  });

  it("bounds what a plan says is without bounds by a number that is exact", () => {
    const most = { cpu_millicores: 1_000_000, memory_bytes: 2 ** 50, storage_bytes: 2 ** 50 };
    const { spec } = quota(roomFor({ max_environments: 10_000, largest: most }, []), settings);
    expect(spec?.hard).toMatchObject({ "limits.cpu": "10001000", "limits.memory": "4Pi", "requests.storage": "4Pi" });
  });

  it("names an environment's objects so that the name gives the id back", () => {
    expect(environmentIdOf(objectName(environment.id))).toBe(environment.id);
    for (const name of ["env-short", "other-golden00000000000000", "env-golden00000000000000-startup", ""])
      expect(environmentIdOf(name)).toBeNull();
  });

  it("gives the same scripts the same name in any order, and other scripts another", () => {
    const name = initConfigName({ a: "1", b: "2" });
    expect(initConfigName({ b: "2", a: "1" })).toBe(name);
    expect(initConfigName({ a: "1", b: "3" })).not.toBe(name);
    expect(initConfigName({ a: "1b", "": "2" })).not.toBe(name);
  });
});

describe("a pod", () => {
  const variants: [string, V1Pod][] = [
    ["as usual", pod(environment, parts, settings)],
    ["with the image's own tmux", pod(environment, parts, { ...settings, toolsImage: null })],
    [
      "without user namespaces, of a template that needs root",
      pod({ ...environment, needs_root: true }, parts, settings),
    ],
    ["of an environment as small as can be", pod(smallest(), parts, settings)],
  ];

  it.each(variants)("is restricted, %s", (_, made) => {
    expect(podSecurityViolations(made, "restricted")).toEqual([]);
    expect(made.spec?.automountServiceAccountToken).toBe(false);
    expect(made.spec?.hostUsers).toBeUndefined();
    for (const container of [...(made.spec?.initContainers ?? []), ...(made.spec?.containers ?? [])]) {
      expect(container.resources?.limits).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
    }
  });

  it("is root in a user namespace of its own, and baseline, where the cluster has them", () => {
    const made = pod({ ...environment, needs_root: true }, parts, everything);
    expect(podSecurityViolations(made, "baseline")).toEqual([]);
    expect(made.spec).toMatchObject({ hostUsers: false, securityContext: { runAsUser: 0 } });
  });

  it("is refused to a template that needs root where the cluster has no user namespaces, and to no other", () => {
    const needing = { ...environment, needs_root: true };
    expect(isRootRefused(needing, settings)).toBe(true);
    expect(isRootRefused(needing, everything)).toBe(false);
    expect(isRootRefused(environment, settings)).toBe(false);
  });

  it("asks the node for no more than its limit", () => {
    const [container] = pod(smallest(), parts, settings).spec?.containers ?? [];
    expect(container?.resources?.requests).toMatchObject({ cpu: "10m", memory: "32Mi" });
  });

  it("holds nothing of what people write, but for the image's name", () => {
    const texts = hostileTexts("/tmp/canary");
    const hostile = {
      ...environment,
      name: texts.join("\n"),
      template_id: texts.join("\n"),
      startup_commands: texts,
      environment_variables: Object.fromEntries(texts.map((text, index) => [`TEXT_${index}`, text])),
    };
    expect(pod(hostile, parts, settings)).toEqual(pod(environment, parts, settings));
    const { data } = variablesSecret(hostile, claimUid, settings);
    expect(texts.map((_, index) => decoded(data?.[`TEXT_${index}`]))).toEqual(texts);
    const commands = startupSecret(hostile, claimUid, settings).data ?? {};
    expect(
      Object.keys(commands)
        .sort()
        .map((key) => decoded(commands[key])),
    ).toEqual(texts);
  });
});

function smallest(): DesiredEnvironment {
  const resources = { cpu_millicores: 50, memory_bytes: gibibyte / 16, storage_bytes: gibibyte / 8 };
  return { ...environment, port: null, startup_commands: [], resources };
}

function decoded(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString();
}
