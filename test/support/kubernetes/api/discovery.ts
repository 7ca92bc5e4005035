/** What clients ask to learn what there is: versions, groups, kinds, health. */
import type { Fields } from "./objects.ts";
import { openApi } from "./openapi.ts";
import { apiVersionOf, type Resource, resources, unstored } from "./resources.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** The answer to a discovery path; null where there is none. A text stands for plain text. */
export function discover(path: string, version: string, hasMetrics: boolean): Fields | string | null {
  if (/^\/(healthz|livez|readyz)$/.test(path)) return "ok";
  if (path === "/version") return versionOf(version);
  if (path === "/api") return { kind: "APIVersions", versions: ["v1"] };
  const all = [...resources, ...unstored].filter(({ group }) => group !== "metrics.k8s.io" || hasMetrics);
  if (path.startsWith("/openapi/")) return openApi(path, all);
  if (path === "/apis") return { kind: "APIGroupList", apiVersion: "v1", groups: groupsOf(all) };
  const [, core, group = "", name] = /^\/(?:(api\/v1)|apis\/([^/]+)(?:\/([^/]+))?)$/.exec(path) ?? [];
  const of = all.filter((each) => each.group === group && (core !== undefined || group !== ""));
  if (of.length === 0) return null;
  if (core === undefined && name === undefined) return { kind: "APIGroup", apiVersion: "v1", ...groupsOf(of)[0] };
  const listed = of.filter((each) => core !== undefined || each.version === name);
  const groupVersion = core === undefined ? `${group}/${name}` : "v1";
  return listed.length === 0
    ? null
    : { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources: listed.flatMap(entriesOf) };
}

function versionOf(version: string): Fields {
  const [major = "1", minor = "36"] = version.split(".");
  return { major, minor, gitVersion: `v${version}`, gitCommit: "", gitTreeState: "clean", platform: "linux/amd64" };
}

function groupsOf(all: readonly Resource[]): Fields[] {
  const named = Map.groupBy(
    all.filter(({ group }) => group !== ""),
    ({ group }) => group,
  );
  return [...named].map(([name, [first]]) => {
    const version = first === undefined ? {} : { groupVersion: apiVersionOf(first), version: first.version };
    return { name, versions: [version], preferredVersion: version };
  });
}

function entriesOf(resource: Resource): Fields[] {
  const { plural, kind, isNamespaced: namespaced, shortNames } = resource;
  const whole = { name: plural, singularName: kind.toLowerCase(), namespaced, kind, verbs, shortNames };
  return [
    whole,
    ...resource.subresources.map((name) => ({
      ...entryOfSubresource(name, kind),
      name: `${plural}/${name}`,
      namespaced,
    })),
  ];
}

function entryOfSubresource(name: string, kind: string): Fields {
  if (name === "exec") return { singularName: "", kind: "PodExecOptions", verbs: ["create", "get"] };
  return { singularName: "", kind, verbs: name === "log" ? ["get"] : ["get", "patch", "update"] };
}
