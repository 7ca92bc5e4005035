/** A container's log over HTTP: what is asked of it, and following until it ends. */
import type { ServerResponse } from "node:http";
import type { Asked } from "../access/authorization.ts";
import { podSpecOf } from "../admission/pod-schema.ts";
import { fieldsAt } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import { badRequest, notFound } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { type ContainerLog, type LogRecord, nanoTimestamp } from "../kubelet/container-log.ts";
import type { ContainerRunner } from "../kubelet/container-runner.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";

const pods = resourceOf("pods");

export class LogServer {
  readonly #store: Store;
  readonly #kubelet: Kubelet;
  readonly #following = new Set<ServerResponse>();

  constructor(store: Store, kubelet: Kubelet) {
    this.#store = store;
    this.#kubelet = kubelet;
  }

  get followers(): number {
    return this.#following.size;
  }

  /** Every follower's connection breaks, in the middle of whatever it is in. */
  cut(): void {
    for (const response of this.#following) response.destroy();
  }

  /** The node rotates: only the newest lines are left to read. */
  rotate(namespace: string, name: string, keep: number): void {
    for (const runner of this.#kubelet.find(namespace, name)?.all ?? []) runner.log?.rotate(keep);
  }

  serve(request: Asked, response: ServerResponse): void {
    const { query } = request;
    const log = this.#find(request);
    const options = optionsOf(query);
    const records = log === null ? [] : selected(log.records, options);
    response.writeHead(200, { "content-type": "text/plain" });
    const text = records.map((record) => lineOf(record, options.hasTimestamps)).join("");
    const bytes = Buffer.from(text);
    response.write(options.limitBytes === null ? bytes : bytes.subarray(0, options.limitBytes));
    if (query.get("follow") !== "true" || log === null || log.isOver || options.limitBytes !== null)
      return void response.end();
    this.#follow(log, records.at(-1)?.at ?? log.records.at(-1)?.at ?? 0n, options, response);
  }

  #follow(log: ContainerLog, from: bigint, options: Options, response: ServerResponse): void {
    let last = from;
    const stop = log.onMore(() => {
      for (const record of log.records) {
        if (record.at <= last || record.at < options.since) continue;
        last = record.at;
        response.write(lineOf(record, options.hasTimestamps));
      }
      if (log.isOver) response.end();
    });
    this.#following.add(response);
    response.flushHeaders();
    response.on("close", () => {
      stop();
      this.#following.delete(response);
    });
  }

  #find({ namespace = "", name = "", query }: Asked): ContainerLog | null {
    const pod = this.#store.get(pods, namespace, name);
    if (pod === undefined) throw notFound(pods, name);
    const spec = podSpecOf(pod);
    const all = [...spec.containers, ...spec.initContainers].map((container) => container.name);
    const containerName =
      query.get("container") ?? (spec.containers.length === 1 ? (spec.containers[0]?.name ?? "") : "");
    if (containerName === "")
      throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(" ")}]`);
    if (!all.includes(containerName)) throw badRequest(`container ${containerName} is not valid for pod ${name}`);
    if (fieldsAt(pod, "spec")["nodeName"] === undefined) return null;
    const runner = this.#kubelet.find(namespace, name)?.all.find(({ container }) => container.name === containerName);
    return runner === undefined ? null : logOf(runner, name, query.get("previous") === "true");
  }
}

function logOf(runner: ContainerRunner, podName: string, isPrevious: boolean): ContainerLog {
  const { name } = runner.container;
  if (isPrevious) {
    const log = runner.previousLog ?? ("terminated" in runner.status.lastState ? runner.log : null);
    if (log === null) throw badRequest(`previous terminated container "${name}" in pod "${podName}" not found`);
    return log;
  }
  if (runner.log !== null) return runner.log;
  const { state } = runner.status;
  const reason = "waiting" in state ? state.waiting.reason : "ContainerCreating";
  const isPull = ["ErrImagePull", "ImagePullBackOff"].includes(reason);
  const why = isPull ? "trying and failing to pull image" : reason;
  throw badRequest(`container "${name}" in pod "${podName}" is waiting to start: ${why}`);
}

interface Options {
  since: bigint;
  tailLines: number | null;
  limitBytes: number | null;
  hasTimestamps: boolean;
}

function optionsOf(query: URLSearchParams): Options {
  const [tail, limit, seconds, time] = ["tailLines", "limitBytes", "sinceSeconds", "sinceTime"].map((name) =>
    query.get(name),
  );
  if (seconds != null && time != null)
    throw badRequest("at most one of `sinceTime` or `sinceSeconds` may be specified");
  return {
    since: sinceOf(seconds ?? null, time ?? null),
    tailLines: wholeNumber("tailLines", tail ?? null),
    limitBytes: wholeNumber("limitBytes", limit ?? null),
    hasTimestamps: query.get("timestamps") === "true",
  };
}

/** sinceTime is cut to whole seconds on its way to the kubelet: lines of the same second come again. */
function sinceOf(seconds: string | null, time: string | null): bigint {
  if (seconds !== null) return BigInt(Date.now() - Number(seconds) * 1000) * 1_000_000n;
  if (time === null) return 0n;
  const at = Date.parse(time);
  if (Number.isNaN(at))
    throw badRequest(`parsing time "${time}" as "2006-01-02T15:04:05Z07:00": cannot parse "${time}" as "2006"`);
  return BigInt(Math.floor(at / 1000)) * 1_000_000_000n;
}

function wholeNumber(name: string, text: string | null): number | null {
  if (text === null) return null;
  if (!/^\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax (${name})`);
  return Number(text);
}

function selected(records: readonly LogRecord[], { since, tailLines }: Options): LogRecord[] {
  const after = records.filter(({ at }) => at >= since);
  return tailLines === null ? after : tailLines === 0 ? [] : after.slice(-tailLines);
}

const lineOf = ({ at, text }: LogRecord, hasTimestamps: boolean) =>
  `${hasTimestamps ? `${nanoTimestamp(at)} ` : ""}${text}\n`;
