/** A container's variables: the image's, the services', envFrom's, env's, in that order. */
import type { ContainerSpec } from "../admission/pod-schema.ts";
import { fieldsAt, isFields, type KubeObject, textAt } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import type { ImageSpec } from "./images.ts";
import { dataOf } from "./projections.ts";
import { ContainerConfigFailure } from "./volumes.ts";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Variables = Record<string, string>;

/** Throws ContainerConfigFailure for a Secret or ConfigMap that is not there. */
export function variablesOf(store: Store, pod: KubeObject, container: ContainerSpec, image: ImageSpec): Variables {
  const variables: Variables = {
    PATH: path,
    HOSTNAME: pod.metadata.name,
    HOME: "/",
    ...serviceVariables(store, pod),
    ...image.env,
  };
  for (const { prefix, secretRef, configMapRef } of container.envFrom) {
    const ref = secretRef ?? configMapRef;
    const object = sourceOf(
      store,
      pod,
      secretRef === undefined ? "configmaps" : "secrets",
      ref?.name ?? "",
      ref?.optional,
    );
    for (const [key, bytes] of dataOf(object)) variables[prefix + key] = bytes.toString("utf8");
  }
  for (const { name, value, valueFrom } of container.env) {
    const found = valueFrom === undefined ? expanded(value ?? "", variables) : valueFromOf(store, pod, valueFrom);
    if (found !== null) variables[name] = found;
  }
  return variables;
}

function sourceOf(
  store: Store,
  pod: KubeObject,
  plural: string,
  name: string,
  isOptional: boolean | undefined,
): KubeObject | undefined {
  const object = store.get(resourceOf(plural), pod.metadata.namespace, name);
  if (object === undefined && isOptional !== true)
    throw new ContainerConfigFailure(`${plural.slice(0, -1)} "${name}" not found`);
  return object;
}

function valueFromOf(
  store: Store,
  pod: KubeObject,
  from: NonNullable<ContainerSpec["env"][number]["valueFrom"]>,
): string | null {
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath);
  const ref = from.secretKeyRef ?? from.configMapKeyRef;
  if (ref === undefined) return null;
  const plural = from.secretKeyRef === undefined ? "configmaps" : "secrets";
  const object = sourceOf(store, pod, plural, ref.name, ref.optional);
  const value = dataOf(object).get(ref.key);
  if (value !== undefined) return value.toString("utf8");
  if (ref.optional === true) return null;
  throw new ContainerConfigFailure(
    `couldn't find key ${ref.key} in ${plural === "secrets" ? "Secret" : "ConfigMap"} ${pod.metadata.namespace}/${ref.name}`,
  );
}

function fieldValue(pod: KubeObject, fieldPath: string): string {
  const [, map = "", key = ""] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath) ?? [];
  if (map !== "") return String(fieldsAt(pod, "metadata", map)[key] ?? "");
  return textAt(pod, ...fieldPath.split(".")) ?? "";
}

/** `$(NAME)` stands for a variable that came before; `$$(NAME)` for itself. */
function expanded(value: string, variables: Variables): string {
  return value.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (variables[name] ?? whole),
  );
}

function serviceVariables(store: Store, pod: KubeObject): Variables {
  const isLinked = fieldsAt(pod, "spec")["enableServiceLinks"] !== false;
  const services = isLinked ? store.list(resourceOf("services"), pod.metadata.namespace) : [];
  const named = services.flatMap((service): [string, string][] => {
    const { clusterIP, ports } = fieldsAt(service, "spec");
    const port = Array.isArray(ports) && isFields(ports[0]) ? String(ports[0]["port"]) : "";
    const name = service.metadata.name.toUpperCase().replaceAll("-", "_");
    return clusterIP === "None"
      ? []
      : [
          [`${name}_SERVICE_HOST`, String(clusterIP)],
          [`${name}_SERVICE_PORT`, port],
        ];
  });
  return { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443", ...Object.fromEntries(named) };
}
