/** What went wrong with a cluster, as its callers know it: one map from problems to failures, exhaustive. */
import { type ObservedReason, reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { RuntimeFailure } from "../runtime.ts";
import { ClusterProblem, type ProblemKind } from "./client/problem.ts";

const reasonOf: Readonly<Record<ProblemKind, ObservedReason>> = {
  not_found: "refused",
  already_exists: "rejected",
  conflict: "rejected",
  // Nobody's environment is wrong because the bridge's token is.
  unauthorized: "unavailable",
  forbidden_rbac: "forbidden",
  quota: "quota_exceeded",
  pod_security: "pod_security",
  namespace_terminating: "forbidden",
  refused: "rejected",
  invalid: "rejected",
  malformed: "rejected",
  expired: "unavailable",
  unavailable: "unavailable",
};

/** What the server says of these is for people; of the others it is for whoever runs the cluster, and stands in the log. */
const toldReasons: readonly ObservedReason[] = ["quota_exceeded", "pod_security", "rejected"];
const maxDetailCharacters = 300;

/** The failure that a problem is, with it as its cause; anything else stays what it is. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof ClusterProblem)) return error;
  const reason = reasonOf[error.kind];
  const { message } = reasonFacts[reason];
  const detail = error.message.replace(/^.*? is forbidden: /s, "").slice(0, maxDetailCharacters);
  const code = reason === "unavailable" ? "unavailable" : error.kind === "not_found" ? "not_running" : "refused";
  const told = toldReasons.includes(reason) ? `${message} (${detail})` : message;
  return Object.assign(new RuntimeFailure(code, told, reason), { cause: error });
}

/** Does the work; problems of the cluster come out as failures. */
export async function failing<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error);
  }
}
