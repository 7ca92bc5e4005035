/** How people's environments are kept apart, and whether that is as this bridge is told to have it. */
import type { ApiServer } from "../runtime/kubernetes/client/api-server.ts";
import { Calls } from "../runtime/kubernetes/client/calls.ts";
import type { ClusterObject } from "../runtime/kubernetes/client/objects.ts";
import { ClusterProblem } from "../runtime/kubernetes/client/problem.ts";
import { environmentSelector, selectorText } from "../runtime/kubernetes/manifests/names.ts";
import { isOwnersNamespace, ownersNamespace } from "../runtime/kubernetes/manifests/namespace.ts";
import { markedWords, ownersMarkSelector } from "../runtime/kubernetes/manifests/owners-mark.ts";
import type { ManifestSettings } from "../runtime/kubernetes/manifests/settings.ts";
import { isAdoptable } from "../runtime/kubernetes/observe/ownership.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { dryRun } from "./trial.ts";

const deadlineMs = 10_000;
const trialOwner = "usr_00000000000000000000";

export async function* checkOwners(server: ApiServer, settings: ManifestSettings): AsyncGenerator<Finding> {
  const calls = new Calls(server, settings.namespace);
  try {
    if (settings.namespacePerUser) yield* checkNamespaces(calls, server, settings);
    else yield* checkMark(calls, settings);
  } catch (error) {
    if (!(error instanceof ClusterProblem)) throw error;
    yield fail("owners", `it cannot be looked at how people's environments are kept apart: ${error.message}`);
  }
}

/** Silent where nothing is wrong: most clusters never had anything else. */
async function* checkMark(calls: Calls, settings: ManifestSettings): AsyncGenerator<Finding> {
  const { objects } = await calls.list("configmaps", ownersMarkSelector(settings), AbortSignal.timeout(deadlineMs));
  if (objects.length > 0) yield fail("owners", `the bridge does nothing: ${markedWords(settings)}`);
}

/** Whether a person's namespace would be let be; which there are; and who is still where everybody was before. */
async function* checkNamespaces(calls: Calls, server: ApiServer, settings: ManifestSettings): AsyncGenerator<Finding> {
  const { namespace } = settings;
  const manifest = ownersNamespace(trialOwner, settings);
  const answer = await dryRun(server, "namespaces", manifest, null);
  if (answer instanceof ClusterProblem)
    yield fail("owners", `no namespace ${manifest.metadata?.name} could be made: ${answer.message}`);
  else yield ok("owners", `people's namespaces are called ${namespace}-..., and can be made`);
  const signal = AbortSignal.timeout(deadlineMs);
  const { objects } = await calls.list("namespaces", {}, signal);
  yield* strangeNamespaces(objects, settings);
  const selector = { labelSelector: selectorText(environmentSelector(settings)) };
  const { length } = (await calls.list("persistentvolumeclaims", selector, signal)).objects;
  if (length > 0) yield ok("owners", `${length} from before, in ${namespace}, stay there until they are deleted`);
}

function* strangeNamespaces(all: readonly ClusterObject[], settings: ManifestSettings): Generator<Finding> {
  const called = all.filter(({ metadata }) => isOwnersNamespace(metadata.name, settings));
  const namesOf = (objects: readonly ClusterObject[]) => objects.map(({ metadata }) => metadata.name).join(", ");
  const others = called.filter((each) => !isAdoptable(each, settings.clusterId));
  if (others.length > 0)
    yield warn("owners", `called like people's namespaces and not this bridge's, so left alone: ${namesOf(others)}`);
  const ending = called.filter((each) => !others.includes(each) && each.metadata.deletionTimestamp);
  if (ending.length > 0)
    yield warn("owners", `being deleted; their owners' environments wait for the end of it: ${namesOf(ending)}`);
}
