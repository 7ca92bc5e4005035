/** Drives a fake cluster as the product does, through @kubernetes/client-node; for the fake's own tests. */
import { PassThrough } from "node:stream";
import {
  CoreV1Api,
  Exec,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
  type V1Status,
} from "@kubernetes/client-node";
import { vi } from "vitest";
import type WebSocket from "ws";
import { patience } from "../wait-until.ts";
import type { FakeCluster } from "./cluster.ts";

export const namespace = "environments";

export interface Client {
  config: KubeConfig;
  core: CoreV1Api;
  namespace: string;
}

export function clientOf(cluster: FakeCluster, token = cluster.token): Client {
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig({ token }));
  return { config, core: config.makeApiClient(CoreV1Api), namespace };
}

/** A pod that runs the script in a shell, as user 1000. */
export function podOf(
  name: string,
  script = "trap 'exit 0' TERM; while :; do sleep 600 & wait $!; done",
  change: Partial<V1Pod["spec"]> = {},
): V1Pod {
  const container = { name: "main", image: "debian:12", command: ["sh", "-c", script] };
  const securityContext = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, runAsNonRoot: true };
  const spec = { terminationGracePeriodSeconds: 1, securityContext, containers: [container], ...change };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: name } }, spec };
}

/** Waits for what the pod has become. */
export function podThat(client: Client, name: string, isSo: (pod: V1Pod) => boolean): Promise<V1Pod> {
  return vi.waitUntil(
    async () => {
      const pod = await client.core.readNamespacedPod({ name, namespace: client.namespace });
      return isSo(pod) ? pod : undefined;
    },
    { timeout: 30_000 * patience, interval: 20 },
  );
}

/** Waits for what somebody else does, on a busy machine too. */
export const eventually: typeof vi.waitUntil = (look, options) =>
  vi.waitUntil(look, { timeout: 20_000 * patience, interval: 20, ...(typeof options === "object" ? options : {}) });

export const isRunning = (pod: V1Pod): boolean => pod.status?.containerStatuses?.every(({ ready }) => ready) ?? false;

/** Makes the pod and waits until it runs. */
export async function runningPod(
  client: Client,
  name: string,
  ...rest: [script?: string, change?: Partial<V1Pod["spec"]>]
): Promise<V1Pod> {
  await client.core.createNamespacedPod({ namespace, body: podOf(name, ...rest) });
  return podThat(client, name, isRunning);
}

export interface Opened {
  socket: WebSocket;
  input: PassThrough;
  /** What came so far. */
  output(): string;
  errors(): string;
  /** Waits until the output matches. */
  shows(pattern: RegExp): Promise<RegExpMatchArray>;
  status: Promise<V1Status>;
  closed: Promise<number>;
}

/** Opens an exec in the pod's container. */
export async function open(
  client: Client,
  pod: string,
  command: string[],
  isTerminal = false,
  container = "main",
): Promise<Opened> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const seen = { output: [] as Buffer[], errors: [] as Buffer[] };
  output.on("data", (bytes: Buffer) => seen.output.push(bytes));
  errors.on("data", (bytes: Buffer) => seen.errors.push(bytes));
  let tell: (status: V1Status) => void = () => {};
  const status = new Promise<V1Status>((resolve) => {
    tell = resolve;
  });
  const args = [client.namespace, pod, container, command] as const;
  const socket = (await new Exec(client.config).exec(
    ...args,
    output,
    isTerminal ? null : errors,
    input,
    isTerminal,
    (each) => tell(each),
  )) as unknown as WebSocket;
  const text = () => Buffer.concat(seen.output).toString();
  return {
    socket,
    input,
    output: text,
    errors: () => Buffer.concat(seen.errors).toString(),
    shows: (pattern) =>
      vi.waitUntil(() => pattern.exec(text()) ?? undefined, { timeout: 20_000 * patience, interval: 5 }),
    status,
    closed: new Promise((resolve) => socket.on("close", (code) => resolve(code))),
  };
}

/** The code that an exec was refused with: it is in the message alone, of what is no Error. */
export async function refusalOf(opening: Promise<Opened>): Promise<number> {
  const refused: unknown = await opening.then(
    () => new Error("it was opened"),
    (event: unknown) => event,
  );
  if (refused instanceof Error || typeof refused !== "object" || refused === null || !("message" in refused))
    throw refused;
  return Number(/^Unexpected server response: (\d+)$/.exec(String(refused.message))?.[1]);
}

/** Runs a command to its end. */
export async function run(
  client: Client,
  pod: string,
  command: string[],
): Promise<{ output: string; status: V1Status; code: number }> {
  const opened = await open(client, pod, command);
  const [status, code] = await Promise.all([opened.status, opened.closed]);
  return { output: opened.output(), status, code };
}

/** The options that make a patch an apply. */
export const asApply = setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply);
