/**
 * What an Event tells of a pod or claim that does not get on, where its status has no words for it: Warnings of a known list, as
 * a reason and words for people. What a cluster writes there is foreign and full of its own addresses. Pure.
 */
import { z } from "zod";
import { type ObservedReason, reasonFacts } from "../../../../durable-objects/protocol/reasons.ts";
import type { ClusterObject } from "../client/objects.ts";

/** Warnings that mean that something waits, by what it is that does. The cluster tries each of them again. */
const known: Readonly<Record<StalledKind, Readonly<Record<string, ObservedReason>>>> = {
  Pod: {
    FailedScheduling: "unschedulable",
    FailedMount: "volume_not_ready",
    FailedAttachVolume: "volume_not_ready",
    FailedMapVolume: "volume_not_ready",
    FailedCreatePodSandBox: "sandbox_failed",
    NetworkNotReady: "sandbox_failed",
  },
  PersistentVolumeClaim: { ProvisioningFailed: "volume_not_ready" },
};

export type StalledKind = "Pod" | "PersistentVolumeClaim";

export interface Stall {
  kind: StalledKind;
  name: string;
  /** Others of that name may have been before. */
  uid: string;
  reason: ObservedReason;
  /** For people. */
  message: string;
  /** For whoever runs the cluster, in its own words. */
  said: string;
  atMs: number;
}

const maxDetailCharacters = 200;
const maxSaidCharacters = 400;

const time = z.string().nullish();
const eventSchema = z.looseObject({
  reason: z.string(),
  message: z.string().default(""),
  involvedObject: z.looseObject({ kind: z.enum(["Pod", "PersistentVolumeClaim"]), name: z.string(), uid: z.string() }),
  lastTimestamp: time,
  eventTime: time,
  series: z.looseObject({ lastObservedTime: time }).nullish(),
});

/** Null for an Event of any other kind. */
export function stallOf(object: ClusterObject): Stall | null {
  const { success, data } = eventSchema.safeParse(object);
  if (!success) return null;
  const { involvedObject: about, message } = data;
  const reason = new Map(Object.entries(known[about.kind])).get(data.reason);
  if (reason === undefined) return null;
  const last =
    data.series?.lastObservedTime ?? data.lastTimestamp ?? data.eventTime ?? object.metadata.creationTimestamp;
  const { kind, name, uid } = about;
  const said = `${data.reason}: ${message}`.slice(0, maxSaidCharacters);
  return { kind, name, uid, reason, message: worded(reason, message), said, atMs: Date.parse(last ?? "") || 0 };
}

function worded(reason: ObservedReason, message: string): string {
  const detail = withoutAddresses(message.slice(-4_096)).trim();
  const { message: words } = reasonFacts[reason];
  if (detail === "") return words;
  const isLong = detail.length > maxDetailCharacters;
  return `${words} (${isLong ? `${detail.slice(0, maxDetailCharacters - 1)}…` : detail})`;
}

/** Each left out of what people are told: it says nothing to them and shows the cluster's inside. */
const inside = [
  /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?:[:/][\w./-]*)?/g,
  /\[?(?:\b[0-9a-f]{1,4})?(?::[0-9a-f]{0,4}){2,7}\]?(?::\d+)?/gi,
  /\b(?:[a-z0-9-]+\.)+(?:svc|local|internal|cluster|lan|compute)\b[\w.:-]*/gi,
  /\bip(?:-\d{1,3}){4}\b\S*/gi,
  /(?<![\w.])\/[^\s"',;)]+/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b/gi,
];

function withoutAddresses(text: string): string {
  // gRPC's own words before those that mean something.
  const told = text.split(" desc = ").at(-1) ?? "";
  const plain = told.replace(/[\p{C}\p{Z}]+/gu, " ");
  return inside.reduce((rest, pattern) => rest.replace(pattern, "…"), plain).replace(/…+/g, "…");
}
