/** Opens execs, and lets befall them what befalls them on a real cluster. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Asked } from "../access/authorization.ts";
import { podSpecOf } from "../admission/pod-schema.ts";
import { type Fields, fieldsAt } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import { badRequest, internalError, notFound, StatusError } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { Sandbox } from "../kubelet/sandbox.ts";
import type { Timings } from "../kubelet/timings.ts";
import { refreshCgroup } from "../kubelet/usage.ts";
import { startProcess } from "./exec-process.ts";
import { ExecSession } from "./exec-session.ts";
import { notStarted, notTakenUp, success } from "./exec-status.ts";

export type ExecProtocol = "v5.channel.k8s.io" | "v4.channel.k8s.io";

const maxFrameBytes = 32 * 2 ** 20;
const pods = resourceOf("pods");

/** Where a program is to run. */
interface Place {
  sandbox: Sandbox;
  podUid: string;
  directory: string;
  containerName: string;
}

export class ExecServer {
  readonly #store: Store;
  readonly #kubelet: Kubelet;
  readonly #timings: Timings;
  readonly #sockets: WebSocketServer;
  readonly #sessions = new Set<ExecSession>();
  #protocols: readonly ExecProtocol[] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
  /** Answers to the next requests, oldest first. */
  #refusals: number[] = [];
  #staysOnDeletedPods = false;
  #translates = false;

  constructor(store: Store, kubelet: Kubelet, timings: Timings) {
    this.#store = store;
    this.#kubelet = kubelet;
    this.#timings = timings;
    const handleProtocols = (offered: Set<string>) => this.#protocols.find((each) => offered.has(each)) ?? false;
    this.#sockets = new WebSocketServer({
      noServer: true,
      handleProtocols,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
    });
    store.onChange(({ resource, object }) => {
      if (resource === pods && object.metadata.deletionTimestamp !== undefined && this.#staysOnDeletedPods)
        this.#freezeFor(object.metadata.uid);
    });
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Servers before 1.30 know v4 only. */
  setProtocols(...protocols: ExecProtocol[]): void {
    this.#protocols = protocols;
  }

  /** Servers from 1.30 to 1.35 shake hands first; what the node answers then comes as the exec's status. */
  setTranslating(isSo: boolean): void {
    this.#translates = isSo;
  }

  /** The kubelet goes away and comes back: sockets end with 1006, new ones meet 500, 404, 404. Processes live on. */
  restartKubelet(refusals: readonly number[] = [500, 404, 404]): void {
    this.#refusals = [...refusals];
    for (const session of this.#sessions) session.drop(false);
  }

  /** containerd restarts: every exec reports Success with 1000 though its process lives; new ones meet 500, 500. */
  restartContainerd(refusals: readonly number[] = [500, 500]): void {
    this.#refusals = [...refusals];
    for (const session of this.#sessions) session.finish(success);
  }

  /** Every socket ends without a status, with 1006 or in order with 1000. */
  dropAll(isInOrder = false): void {
    for (const session of this.#sessions) session.drop(isInOrder);
  }

  /** Open sockets stay so and are silent. */
  freezeAll(): void {
    for (const session of this.#sessions) session.freeze();
  }

  /** Whether execs on pods that are deleted stay open and frozen from now on. */
  freezeOnDeletion(isSo: boolean): void {
    this.#staysOnDeletedPods = isSo;
  }

  /** Answers a handshake. Throws what refuses it. */
  async upgrade(request: Asked, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { query } = request;
    const found = this.#askNode(request);
    if (found instanceof StatusError) {
      return this.#sockets.handleUpgrade(incoming, socket, head, (opened) => refuse(opened, notTakenUp(found.message)));
    }
    const { sandbox, podUid, directory, containerName } = found;
    const command = query.getAll("command");
    if (command.length === 0) throw badRequest("you must specify at least 1 of stdin, stdout, stderr and a command");
    await refreshCgroup(directory, containerName, sandbox);
    const spec = { command, isTerminal: query.get("tty") === "true", hasInput: query.get("stdin") === "true" };
    this.#sockets.handleUpgrade(incoming, socket, head, (opened) => {
      if (!sandbox.has(command[0] ?? "")) return refuse(opened, notStarted(command[0] ?? ""));
      const process = startProcess(sandbox, spec);
      const session = new ExecSession(opened, process, { podUid, command, idleMs: this.#timings.execIdleMs });
      this.#sessions.add(session);
      opened.on("close", () => this.#sessions.delete(session));
    });
  }

  close(): void {
    for (const session of this.#sessions) session.drop(false);
    this.#sockets.close();
  }

  /** What it refuses is thrown, or with a server that has shaken hands already given back. */
  #askNode(request: Asked): Place | StatusError {
    try {
      const refusal = this.#refusals.shift();
      if (refusal !== undefined)
        throw new StatusError(refusal, refusal === 404 ? "NotFound" : "InternalError", "the kubelet is not ready");
      return this.#find(request);
    } catch (error) {
      const isNodes = error instanceof StatusError && [404, 500].includes(error.code) && this.#isScheduled(request);
      if (this.#translates && isNodes) return error;
      throw error;
    }
  }

  /** Before that the API server itself refuses. */
  #isScheduled({ namespace = "", name = "" }: Asked): boolean {
    return fieldsAt(this.#store.get(pods, namespace, name) ?? {}, "spec")["nodeName"] !== undefined;
  }

  #find({ namespace = "", name = "", query }: Asked): Place {
    const pod = this.#store.get(pods, namespace, name);
    if (pod === undefined) throw notFound(pods, name);
    if (fieldsAt(pod, "spec")["nodeName"] === undefined) throw badRequest(`pod ${name} does not have a host assigned`);
    const { containers, initContainers } = podSpecOf(pod);
    const all = [...containers, ...initContainers].map((container) => container.name);
    const containerName = query.get("container") ?? containers[0]?.name ?? "";
    if (!all.includes(containerName)) throw badRequest(`container ${containerName} is not valid for pod ${name}`);
    if (this.#kubelet.isSilent) throw internalError("error dialing backend: dial tcp: connect: no route to host");
    const runner = this.#kubelet.find(namespace, name);
    const sandbox = runner?.all.find(({ container }) => container.name === containerName)?.sandbox ?? null;
    if (runner === undefined || sandbox === null || !sandbox.isRunning) {
      throw internalError(`unable to upgrade connection: container not found ("${containerName}")`);
    }
    return { sandbox, podUid: runner.uid, directory: runner.ground.directory, containerName };
  }

  #freezeFor(podUid: string): void {
    for (const session of this.#sessions) if (session.podUid === podUid) session.freeze();
  }
}

/** After the handshake, as of a program that is not there: the runtime finds out only then. */
function refuse(socket: WebSocket, status: Fields): void {
  socket.send(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(status))]));
  socket.close(1000);
}
