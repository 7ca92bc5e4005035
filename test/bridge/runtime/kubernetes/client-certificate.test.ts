/** A kubeconfig as installers write it: no token but a client's certificate, for calls, watches, logs and execs alike. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { defaultSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";
import { viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, startUp } from "./ground.ts";

const size = { cols: 90, rows: 28 };

let ground: ClusterGround;
beforeEach(async () => {
  ground = await makeGround();
});
afterEach(() => ground.dispose());

const openWith = (certificate: { cert: string; key: string }) => {
  const config = new KubeConfig();
  config.loadFromString(ground.cluster.kubeconfig({ certificate }));
  const settings = { ...defaultSettings, namespace };
  return new KubernetesRuntime({ server: new ApiServer(config), manifests: settings, log: () => {} });
};

it("runs an environment and a shell in it", { timeout: 60_000 }, async () => {
  const runtime = openWith(ground.cluster.adminCertificate);
  const environment = desiredEnvironment();
  await startUp(runtime, environment);
  const stream = await runtime.attach(environment.id, "main", size);
  expect(await viewerOf(stream, size).ask("echo $((6*7))")).toBe("42");
  expect((await runtime.logs(environment.id, { lines: 5 })).entries).not.toEqual([]);
  await runtime.close();
});

it("is not let in with one that another authority has signed", { timeout: 60_000 }, async () => {
  const other = await makeGround();
  const runtime = openWith(other.cluster.adminCertificate);
  await expect(runtime.observe()).rejects.toMatchObject({ code: "unavailable" });
  await runtime.close();
  await other.dispose();
});

it("takes up a certificate that an exec plugin has had replaced", { timeout: 60_000 }, async () => {
  const other = await makeGround();
  const directory = mkdtempSync(join(tmpdir(), "dp-exec-"));
  const path = join(directory, "credential.json");
  const hand = ({ cert, key }: { cert: string; key: string }) => {
    // Over already, so that the plugin is asked each time.
    const status = { clientCertificateData: cert, clientKeyData: key, expirationTimestamp: "2000-01-01T00:00:00Z" };
    writeFileSync(
      path,
      JSON.stringify({ kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1", status }),
    );
  };
  const { url, ca, adminCertificate } = ground.cluster;
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [path] };
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server: url, caData: Buffer.from(ca).toString("base64") }],
    users: [{ name: "u", exec }],
    contexts: [{ name: "x", cluster: "c", user: "u" }],
    currentContext: "x",
  });
  const server = new ApiServer(config);
  const look = () => server.request({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods` });
  hand(other.cluster.adminCertificate);
  await expect(look()).rejects.toMatchObject({ kind: "unauthorized" });
  hand(adminCertificate);
  expect(await look()).toMatchObject({ kind: "PodList" });
  server.close();
  await other.dispose();
  rmSync(directory, { recursive: true });
});

it("19: takes up a service account's token and its authority's certificate when they are replaced", {
  timeout: 60_000,
}, async () => {
  const other = await makeGround();
  const directory = mkdtempSync(join(tmpdir(), "dp-account-"));
  const place = join(directory, "/var/run/secrets/kubernetes.io/serviceaccount");
  mkdirSync(place, { recursive: true });
  const lay = (file: string, text: string) => writeFileSync(join(place, file), text);
  const { hostname, port } = new URL(ground.cluster.url);
  vi.stubEnv("KUBERNETES_SERVICE_HOST", hostname);
  vi.stubEnv("KUBERNETES_SERVICE_PORT", port);
  lay("ca.crt", other.cluster.ca);
  lay("token", other.cluster.token);
  const config = new KubeConfig();
  config.loadFromCluster(directory);
  const server = new ApiServer(config);
  const look = () => server.request({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods` });
  await expect(look()).rejects.toMatchObject({ kind: "unavailable" });
  lay("ca.crt", ground.cluster.ca);
  await expect(look()).rejects.toMatchObject({ kind: "unauthorized" });
  lay("token", ground.cluster.token);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  expect(await look()).toMatchObject({ kind: "PodList" });
  vi.useRealTimers();
  vi.unstubAllEnvs();
  server.close();
  await other.dispose();
  rmSync(directory, { recursive: true });
});
