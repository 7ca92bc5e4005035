/** The bridge's variables: what they default to, what is refused, and that no value is ever told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readConfig } from "../../bridge/config.ts";
import { defaultSettings } from "../../bridge/runtime/kubernetes/manifests/settings.ts";

const directory = mkdtempSync(join(tmpdir(), "devpocket-config-"));
const file = join(directory, ".dev.vars");
const token = `dp_bridge_${"x".repeat(43)}`;
afterAll(() => rmSync(directory, { recursive: true }));

describe("the bridge's configuration", () => {
  it("is a production bridge of this machine unless told otherwise", () => {
    expect(readConfig({ BRIDGE_TOKEN: token }, file)).toMatchObject({
      edgeUrl: "http://localhost:8000",
      runtime: "local",
      health: null,
      metrics: null,
      isProduction: true,
      logLevel: "info",
      logFormat: "json",
    });
  });

  it("takes from the file what the process does not say, and passes over empty values", () => {
    writeFileSync(file, `BRIDGE_TOKEN=${token}\nLOG_LEVEL=debug\nENVIRONMENT=test\n`);
    const config = readConfig({ LOG_LEVEL: "warn", DEVPOCKET_URL: "", BRIDGE_HEALTH_PORT: "25590" }, file);
    expect(config).toMatchObject({
      token,
      logLevel: "warn",
      isProduction: false,
      health: { port: 25_590, address: "127.0.0.1" },
    });
    const metered = readConfig({ BRIDGE_TOKEN: token, BRIDGE_METRICS_PORT: "25591" }, file);
    expect(metered.metrics).toEqual({ port: 25_591, address: "127.0.0.1" });
    rmSync(file);
  });

  it("hands environments the machine's PATH without npm's part of it", () => {
    const PATH = "/w/node_modules/.bin:/usr/local/bin:/w/node_modules/npm/bin:/usr/bin";
    expect(readConfig({ BRIDGE_TOKEN: token, PATH }, file).machinePath).not.toContain("/node_modules/npm");
    expect(readConfig({ BRIDGE_TOKEN: token, PATH }, file).machinePath).toMatch(/\/usr\/local\/bin.*:\/usr\/bin$/);
  });

  it("works in its own pod, with the namespace of its environments, unless told otherwise", () => {
    const { kubernetes } = readConfig({ BRIDGE_TOKEN: token }, file);
    expect(kubernetes).toEqual({ kubeconfig: null, settings: defaultSettings });
    const told = {
      BRIDGE_TOKEN: token,
      KUBECONFIG: "/home/me/.kube/config",
      DEVPOCKET_NAMESPACE: "dev",
      DEVPOCKET_NAMESPACE_PER_USER: "true",
      DEVPOCKET_CLUSTER: "cl_1",
      DEVPOCKET_TOOLS_IMAGE: "ghcr.io/devpocket/bridge:1",
      DEVPOCKET_STORAGE_CLASS: "fast",
      DEVPOCKET_IMAGE_PULL_SECRETS: "one, two",
      DEVPOCKET_USER_NAMESPACES: "true",
      DEVPOCKET_NODE_SELECTOR: "devpocket.app/pool=environments,disk=ssd",
      DEVPOCKET_CPU_OVERCOMMIT: "4",
      DEVPOCKET_DNS_SERVERS: "10.0.0.10/32 fd00::10/128",
    };
    expect(readConfig(told, file).kubernetes).toEqual({
      kubeconfig: "/home/me/.kube/config",
      settings: {
        ...defaultSettings,
        namespace: "dev",
        namespacePerUser: true,
        clusterId: "cl_1",
        toolsImage: "ghcr.io/devpocket/bridge:1",
        storageClass: "fast",
        imagePullSecrets: ["one", "two"],
        hasUserNamespaces: true,
        nodeSelector: { "devpocket.app/pool": "environments", disk: "ssd" },
        overcommit: { cpu: 4, memory: 2 },
        dnsServers: ["10.0.0.10/32", "fd00::10/128"],
      },
    });
  });

  it.each([
    ["BRIDGE_TOKEN", "hunter2", "is not a bridge token"],
    ["DEVPOCKET_URL", "ftp://hunter2", "is not an http(s) URL"],
    ["BRIDGE_RUNTIME", "hunter2", "is neither local nor kubernetes"],
    ["BRIDGE_HEALTH_PORT", "hunter2", "is not a port"],
    ["ENVIRONMENT", "hunter2", "is neither development, test nor production"],
    ["LOG_LEVEL", "hunter2", "is none of"],
    ["LOG_FORMAT", "hunter2", "is neither json nor pretty"],
    ["DEVPOCKET_NAMESPACE", "hunter2_", "is not the name of a namespace"],
    ["DEVPOCKET_NAMESPACE", "hunter2".repeat(6), "has more than 40 characters"],
    ["DEVPOCKET_CLUSTER", "-hunter2", "is not a label's value"],
    ["DEVPOCKET_TOOLS_IMAGE", "hunter2 now", "is not an image"],
    ["DEVPOCKET_STORAGE_CLASS", "Hunter2", "is not the name of a storage class"],
    ["DEVPOCKET_IMAGE_PULL_POLICY", "hunter2", "is neither Always, IfNotPresent nor Never"],
    ["DEVPOCKET_IMAGE_PULL_SECRETS", "ok hunter2_", "holds what is not the name of a Secret"],
    ["DEVPOCKET_NAMESPACE_PER_USER", "hunter2", "is neither true nor false"],
    ["DEVPOCKET_USER_NAMESPACES", "hunter2", "is neither true nor false"],
    ["DEVPOCKET_NODE_SELECTOR", "hunter2", "is not labels such as"],
    ["DEVPOCKET_CPU_OVERCOMMIT", "hunter2", "is not a number from 1 to 100"],
    ["DEVPOCKET_MEMORY_OVERCOMMIT", "0.2", "is not a number from 1 to 100"],
    ["DEVPOCKET_DNS_SERVERS", "10.0.0.10 hunter2", "holds what is not an address range"],
  ])("names %s and what is wrong with it, never its value", (name, value, complaint) => {
    const read = () => readConfig({ BRIDGE_TOKEN: token, [name]: value }, file);
    expect(read).toThrow(new RegExp(`^${name}[.0-9]* ${complaint.replace(/[()]/g, "\\$&")}`));
    expect(read).not.toThrow(/hunter2/);
  });

  it("takes no other name servers than the cluster's, where it is told so", () => {
    const { settings } = readConfig({ BRIDGE_TOKEN: token, DEVPOCKET_DNS_SERVERS: "none" }, file).kubernetes;
    expect(settings.dnsServers).toEqual([]);
  });

  it("says where a missing token comes from", () => {
    expect(() => readConfig({}, file)).toThrow("BRIDGE_TOKEN is missing (npm run keys makes one)");
  });
});
