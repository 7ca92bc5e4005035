/** The shapes all of the fake API server agrees on: an object is JSON with the metadata every kind has. */

export type Fields = Record<string, unknown>;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFields {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time: string;
  fieldsType: "FieldsV1";
  fieldsV1: Fields;
  subresource?: string;
}

export interface Metadata {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFields[];
}

export interface KubeObject extends Fields {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields under `name`, or none where there are none. */
export function fieldsAt(value: unknown, ...names: string[]): Fields {
  let found: unknown = value;
  for (const name of names) found = isFields(found) ? found[name] : undefined;
  return isFields(found) ? found : {};
}

/** The text under the path, or undefined. */
export function textAt(value: unknown, ...names: string[]): string | undefined {
  const found = fieldsAt(value, ...names.slice(0, -1))[names.at(-1) ?? ""];
  return typeof found === "string" ? found : undefined;
}

/** As the API server writes times: whole seconds. */
export function timestamp(at = new Date()): string {
  return at.toISOString().replace(/\.\d+Z$/, "Z");
}
