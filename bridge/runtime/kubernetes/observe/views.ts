/** What the bridge looks at of pods and claims: foreign data, read once. */
import { z } from "zod";
import { type Resources, resourcesSchema } from "../../../../durable-objects/protocol/bridge-api.ts";
import { parseJson } from "../../parse-json.ts";
import type { ClusterObject } from "../client/objects.ts";
import { annotations } from "../manifests/names.ts";
import { accountsContainer, environmentContainer, preparationContainer } from "../manifests/pod.ts";
import { type News, parseNotice } from "../notice.ts";

const terminatedSchema = z.looseObject({
  exitCode: z.number().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
});
const stateSchema = z.looseObject({
  waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).nullish(),
  running: z.looseObject({ startedAt: z.string().nullish() }).nullish(),
  terminated: terminatedSchema.nullish(),
});
const containerSchema = z.looseObject({
  name: z.string(),
  containerID: z.string().optional(),
  restartCount: z.number().optional(),
  state: stateSchema.nullish(),
  lastState: stateSchema.nullish(),
});
const podSchema = z.looseObject({
  spec: z
    .looseObject({ containers: z.array(z.looseObject({ name: z.string(), image: z.string().optional() })).optional() })
    .optional(),
  status: z
    .looseObject({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      podIP: z.string().optional(),
      conditions: z
        .array(
          z.looseObject({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .nullish(),
      containerStatuses: z.array(containerSchema).nullish(),
      initContainerStatuses: z.array(containerSchema).nullish(),
    })
    .optional(),
});
const claimSchema = z.looseObject({
  spec: z
    .looseObject({
      storageClassName: z.string().nullish(),
      resources: z.looseObject({ requests: z.record(z.string(), z.string()).optional() }).optional(),
    })
    .optional(),
  status: z.looseObject({ phase: z.string().optional() }).optional(),
});

export type ContainerView = z.infer<typeof containerSchema>;
export type Terminated = z.infer<typeof terminatedSchema>;

export interface PodView {
  name: string;
  uid: string;
  isDeleting: boolean;
  /** When its processes should have ended at the latest; null where it is not being deleted. */
  endsByMs: number | null;
  /** Its machine reports nothing of it any more, as the cluster sees it. */
  isUnheard: boolean;
  generation: number;
  resources: Resources | null;
  image: string;
  notice: News[];
  phase: string;
  reason: string;
  message: string;
  /** Why no machine takes it; null once one has. */
  unscheduled: { reason: string; message: string } | null;
  isScheduled: boolean;
  /** Its volumes are mounted and its network is there: what kept it waiting for those is over. */
  isPlaced: boolean;
  main: ContainerView | null;
  /** Our init containers, in their order; none before one of them was looked at. */
  preparations: ContainerView[];
}

export interface ClaimView {
  name: string;
  uid: string;
  isDeleting: boolean;
  generation: number;
  desired: "running" | "stopped" | "deleted";
  resources: Resources | null;
  storageClass: string | null;
  /** As it was asked for, a quantity. */
  storage: string | null;
  isBound: boolean;
  finalizers: string[];
}

const ours: readonly string[] = [preparationContainer, accountsContainer];

/** The pod as it is; what cannot be read counts as not there. */
export function podView(object: ClusterObject): PodView {
  const { metadata } = object;
  const { spec, status } = podSchema.safeParse(object).data ?? {};
  const condition = (wanted: string) => status?.conditions?.find(({ type }) => type === wanted);
  const isTrue = (wanted: string) => condition(wanted)?.status === "True";
  const scheduled = condition("PodScheduled");
  const { reason = "", message = "" } = scheduled ?? {};
  return {
    name: metadata.name,
    uid: metadata.uid,
    isDeleting: Boolean(metadata.deletionTimestamp),
    endsByMs: metadata.deletionTimestamp ? Date.parse(metadata.deletionTimestamp) || 0 : null,
    // No kubelet says so of containers that are ready: that was the node controller, in its place.
    isUnheard: status?.phase === "Unknown" || (isTrue("ContainersReady") && condition("Ready")?.status === "False"),
    ...recordOf(object),
    image: spec?.containers?.find(({ name }) => name === environmentContainer)?.image ?? "",
    notice: parseNotice(metadata.annotations?.[annotations.notice]),
    phase: status?.phase ?? "Unknown",
    reason: status?.reason ?? "",
    message: status?.message ?? "",
    unscheduled: scheduled?.status === "False" ? { reason, message } : null,
    isScheduled: isTrue("PodScheduled"),
    isPlaced: isTrue("PodReadyToStartContainers") || Boolean(status?.podIP),
    main: status?.containerStatuses?.find((each) => each.name === environmentContainer) ?? null,
    preparations: status?.initContainerStatuses?.filter(({ name }) => ours.includes(name)) ?? [],
  };
}

export function claimView(object: ClusterObject): ClaimView {
  const { metadata } = object;
  const { spec, status } = claimSchema.safeParse(object).data ?? {};
  const desired = metadata.annotations?.[annotations.desired];
  return {
    name: metadata.name,
    uid: metadata.uid,
    isDeleting: Boolean(metadata.deletionTimestamp),
    ...recordOf(object),
    desired: desired === "stopped" || desired === "deleted" ? desired : "running",
    storageClass: spec?.storageClassName || null,
    storage: spec?.resources?.requests?.["storage"] ?? null,
    isBound: status?.phase === "Bound",
    finalizers: metadata.finalizers ?? [],
  };
}

/** What we wrote on it. */
function recordOf({ metadata }: ClusterObject): { generation: number; resources: Resources | null } {
  const generation = Number(metadata.annotations?.[annotations.generation]);
  const resources = resourcesSchema.safeParse(parseJson(metadata.annotations?.[annotations.resources] ?? ""));
  const isWhole = Number.isSafeInteger(generation) && generation >= 0;
  return { generation: isWhole ? generation : 0, resources: resources.data ?? null };
}
