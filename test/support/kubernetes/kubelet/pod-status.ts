/** A pod's status, made from what its containers are doing. */
import type { PodSpec } from "../admission/pod-schema.ts";
import { type Fields, fieldsAt, type KubeObject, timestamp } from "../api/objects.ts";

export interface Terminated extends Fields {
  exitCode: number;
  reason: string;
  message?: string;
  startedAt: string;
  finishedAt: string;
  containerID: string;
}

export type ContainerState =
  | { waiting: { reason: string; message?: string } }
  | { running: { startedAt: string } }
  | { terminated: Terminated };

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState | Record<string, never>;
}

export interface Told {
  spec: PodSpec;
  init: readonly ContainerStatus[];
  main: readonly ContainerStatus[];
  /** Its volumes are mounted and it has its network. */
  isPlaced: boolean;
  addresses: { podIP: string; hostIP: string };
  /** Evicted and the like: the phase is Failed whatever the containers do. */
  failure: { reason: string; message: string } | null;
}

export function statusOf(pod: KubeObject, told: Told): Fields {
  const before = fieldsAt(pod, "status");
  const { podIP, hostIP } = told.addresses;
  const isInitialized = told.init.every(isDone);
  const isReady = told.failure === null && isInitialized && told.main.every(({ ready }) => ready);
  return {
    ...before,
    ...(told.failure ?? {}),
    phase: phaseOf(told, isInitialized),
    conditions: conditionsOf(before, {
      PodReadyToStartContainers: told.isPlaced,
      Initialized: isInitialized,
      Ready: isReady,
      ContainersReady: isReady,
    }),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(told.isPlaced ? { podIP, podIPs: [{ ip: podIP }] } : {}),
    startTime: before["startTime"] ?? timestamp(),
    ...(told.init.length === 0 ? {} : { initContainerStatuses: told.init }),
    containerStatuses: told.main,
  };
}

const isDone = ({ state }: ContainerStatus) => "terminated" in state && state.terminated.exitCode === 0;

function phaseOf({ spec, init, main, failure }: Told, isInitialized: boolean): string {
  if (failure !== null) return "Failed";
  const { restartPolicy } = spec;
  if (!isInitialized) {
    const isLost =
      restartPolicy === "Never" && init.some(({ state }) => "terminated" in state && state.terminated.exitCode !== 0);
    return isLost ? "Failed" : "Pending";
  }
  const hasStarted = ({ state, lastState }: ContainerStatus) => !("waiting" in state) || "terminated" in lastState;
  if (!main.some(hasStarted)) return "Pending";
  const isOver = main.every(({ state }) => "terminated" in state) && restartPolicy !== "Always";
  if (!isOver) return "Running";
  return main.every(isDone) ? "Succeeded" : "Failed";
}

function conditionsOf(before: Fields, wanted: Record<string, boolean>): Fields[] {
  const old = Array.isArray(before["conditions"]) ? (before["conditions"] as Fields[]) : [];
  const others = old.filter(({ type }) => !(String(type) in wanted));
  const changed = Object.entries(wanted).map(([type, isTrue]) => {
    const status = isTrue ? "True" : "False";
    const same = old.find((each) => each["type"] === type && each["status"] === status);
    return same ?? { type, status, lastProbeTime: null, lastTransitionTime: timestamp() };
  });
  return [...changed, ...others];
}
