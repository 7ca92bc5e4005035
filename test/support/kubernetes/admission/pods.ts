/** Pods: what is filled in and what is refused. Their fields are parsed here once, before anybody reads them. */
import { isDeepStrictEqual } from "node:util";
import { type Fields, fieldsAt, isFields, type KubeObject } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { resourceOf } from "../api/resources.ts";
import { type Cause, invalid } from "../api/statuses.ts";
import { causeOf, labelCauses, required } from "./names.ts";
import { type ContainerSpec, type PodSpec, podSpecOf } from "./pod-schema.ts";
import { decodedQuantity } from "./quantities.ts";

export const podPolicy: Policy = {
  applyDefaults(pod) {
    const spec = podSpecOf(pod);
    const { terminationGracePeriodSeconds, restartPolicy } = spec;
    const given = fieldsAt(pod, "spec");
    pod["spec"] = {
      ...given,
      restartPolicy,
      terminationGracePeriodSeconds,
      dnsPolicy: given["dnsPolicy"] ?? "ClusterFirst",
      serviceAccountName: given["serviceAccountName"] ?? "default",
      schedulerName: given["schedulerName"] ?? "default-scheduler",
      securityContext: given["securityContext"] ?? {},
      enableServiceLinks: given["enableServiceLinks"] ?? true,
      priority: 0,
      preemptionPolicy: "PreemptLowerPriority",
      ...Object.fromEntries(["initContainers", "containers"].flatMap((list) => withDefaults(given, list))),
      ...Object.fromEntries(volumesWithDefaults(given)),
    };
    pod["status"] = { phase: "Pending", qosClass: qosOf(spec) };
  },

  validate(pod, before) {
    const spec = podSpecOf(pod);
    const causes = before === null ? causesOf(spec) : changeCauses(before, pod);
    if (causes.length > 0) throw invalid(resourceOf("pods"), pod.metadata.name, causes);
  },
};

function withDefaults(spec: Fields, list: string): [string, unknown][] {
  const containers = spec[list];
  if (!Array.isArray(containers)) return [];
  return [[list, containers.map((each) => (isFields(each) ? containerWithDefaults(each) : each))]];
}

function containerWithDefaults(container: Fields): Fields {
  const image = String(container["image"] ?? "");
  const isLatest = !/[:@][^/]+$/.test(image) || image.endsWith(":latest");
  const resources = fieldsAt(container, "resources");
  const [limits, requests] = [fieldsAt(resources, "limits"), fieldsAt(resources, "requests")];
  const filled = Object.keys(limits).length > 0 ? { ...resources, requests: { ...limits, ...requests } } : resources;
  const messages = { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" };
  const ports = Array.isArray(container["ports"])
    ? { ports: container["ports"].map((port) => ({ protocol: "TCP", ...port })) }
    : {};
  return {
    ...messages,
    imagePullPolicy: isLatest ? "Always" : "IfNotPresent",
    ...container,
    ...ports,
    resources: filled,
  };
}

function volumesWithDefaults(spec: Fields): [string, unknown][] {
  const { volumes } = spec;
  if (!Array.isArray(volumes)) return [];
  const filled = volumes.map((volume) => {
    const kind = ["configMap", "secret"].find((each) => isFields(volume) && isFields(volume[each]));
    return kind === undefined ? volume : { ...volume, [kind]: { defaultMode: 420, ...volume[kind] } };
  });
  return [["volumes", filled]];
}

function qosOf({ containers }: PodSpec): string {
  const all = containers.map(({ resources: { limits = {}, requests = {} } }) => ({
    limits,
    requests: { ...limits, ...requests },
  }));
  if (all.every(({ requests }) => Object.keys(requests).length === 0)) return "BestEffort";
  const isGuaranteed = all.every(({ limits, requests }) =>
    ["cpu", "memory"].every((name) => limits[name] !== undefined && limits[name] === requests[name]),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function causesOf(spec: PodSpec): Cause[] {
  const volumes = new Set(spec.volumes.map(({ name }) => name));
  const lists = { initContainers: spec.initContainers, containers: spec.containers };
  const ofContainers = Object.entries(lists).flatMap(([list, containers]) =>
    containers.flatMap((container, index) => containerCauses(`spec.${list}[${index}]`, container, volumes)),
  );
  const ofVolumes = spec.volumes.flatMap(({ name }, index) => labelCauses(`spec.volumes[${index}].name`, name));
  const names = [...spec.initContainers, ...spec.containers].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const ofNames =
    twice === undefined
      ? []
      : [{ reason: "FieldValueDuplicate", message: `Duplicate value: "${twice}"`, field: "spec.containers.name" }];
  return [
    ...(spec.containers.length === 0 ? [required("spec.containers")] : []),
    ...ofVolumes,
    ...ofContainers,
    ...ofNames,
  ];
}

function containerCauses(field: string, container: ContainerSpec, volumes: ReadonlySet<string>): Cause[] {
  return [
    ...(container.name === "" ? [required(`${field}.name`)] : labelCauses(`${field}.name`, container.name)),
    ...imageCauses(`${field}.image`, container.image),
    ...resourceCauses(`${field}.resources`, container.resources),
    ...container.env.flatMap(({ name }, index) =>
      name === "" || name.includes("=")
        ? [
            causeOf(
              `${field}.env[${index}].name`,
              name,
              "a valid environment variable name must not be empty or contain '='",
            ),
          ]
        : [],
    ),
    ...container.volumeMounts.flatMap(({ name, mountPath, subPath }, index) => [
      ...(volumes.has(name)
        ? []
        : [
            {
              reason: "FieldValueNotFound",
              message: `Not found: "${name}"`,
              field: `${field}.volumeMounts[${index}].name`,
            },
          ]),
      ...(mountPath === "" ? [required(`${field}.volumeMounts[${index}].mountPath`)] : []),
      ...(subPath.split("/").includes("..")
        ? [causeOf(`${field}.volumeMounts[${index}].subPath`, subPath, "must not contain '..'")]
        : []),
    ]),
  ];
}

function imageCauses(field: string, image: string): Cause[] {
  if (image === "") return [required(field)];
  return image.trim() === image ? [] : [causeOf(field, image, "must not have leading or trailing whitespace")];
}

function resourceCauses(field: string, { requests = {}, limits = {} }: ContainerSpec["resources"]): Cause[] {
  const values = (map: Record<string, string>) =>
    Object.entries(map).map(([name, text]) => ({ name, text, value: decodedQuantity("Pod", text) }));
  const negative = [...values(requests), ...values(limits)].filter(({ value }) => value < 0);
  const over = values(requests).flatMap(({ name, text, value }) => {
    const limit = limits[name];
    if (limit === undefined || value <= decodedQuantity("Pod", limit)) return [];
    return [causeOf(`${field}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`)];
  });
  return [
    ...negative.map(({ name, text }) =>
      causeOf(`${field}.limits[${name}]`, text, "must be greater than or equal to 0"),
    ),
    ...over,
  ];
}

/** A pod's spec stands, but for images and what only shrinks or adds up. */
function changeCauses(before: KubeObject, after: KubeObject): Cause[] {
  const frozen = (pod: KubeObject) => {
    const {
      nodeName: _,
      activeDeadlineSeconds: __,
      tolerations: ___,
      terminationGracePeriodSeconds: ____,
      ...spec
    } = fieldsAt(pod, "spec");
    const withoutImages = (list: unknown) =>
      Array.isArray(list) ? list.map((each) => ({ ...each, image: "" })) : list;
    return {
      ...spec,
      containers: withoutImages(spec["containers"]),
      initContainers: withoutImages(spec["initContainers"]),
    };
  };
  if (isDeepStrictEqual(frozen(before), frozen(after))) return [];
  const may =
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return [
    {
      reason: "FieldValueForbidden",
      message: `Forbidden: pod updates may not change fields other than ${may}`,
      field: "spec",
    },
  ];
}
