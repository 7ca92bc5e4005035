/** What names, labels and keys may look like, and the causes of a refusal. */
import { fieldsAt, type KubeObject } from "../api/objects.ts";
import type { Resource } from "../api/resources.ts";
import type { Cause } from "../api/statuses.ts";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const texts = {
  subdomain: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  label: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  value: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
};

export function causeOf(field: string, value: unknown, why: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}

export const required = (field: string, why = ""): Cause => ({
  reason: "FieldValueRequired",
  message: why === "" ? "Required value" : `Required value: ${why}`,
  field,
});

export const isLabel = (name: string): boolean => name.length <= 63 && new RegExp(`^${label}$`).test(name);

export function labelCauses(field: string, name: string): Cause[] {
  return isLabel(name) ? [] : [causeOf(field, name, texts.label)];
}

/** What is wrong with an object's name, labels and annotations. */
export function metadataCauses(resource: Resource, { metadata }: KubeObject): Cause[] {
  const { name, labels, annotations } = metadata;
  const isShort = ["services", "namespaces"].includes(resource.plural);
  const isGood = isShort ? isLabel(name) : name.length <= 253 && new RegExp(`^${subdomain}$`).test(name);
  const ofName = isGood ? [] : [causeOf("metadata.name", name, isShort ? texts.label : texts.subdomain)];
  const ofLabels = Object.entries(fieldsAt({ labels }, "labels")).flatMap(([key, value]) => [
    ...keyCauses("metadata.labels", key),
    ...(isLabelValue(value) ? [] : [causeOf("metadata.labels", value, texts.value)]),
  ]);
  const ofAnnotations = Object.keys(fieldsAt({ annotations }, "annotations")).flatMap((key) =>
    keyCauses("metadata.annotations", key),
  );
  const bytes = Buffer.byteLength(JSON.stringify(annotations ?? {}));
  const tooLong =
    bytes > 256 * 1024
      ? [
          {
            reason: "FieldValueTooLong",
            message: "Too long: may not be more than 262144 bytes",
            field: "metadata.annotations",
          },
        ]
      : [];
  return [...ofName, ...ofLabels, ...ofAnnotations, ...tooLong];
}

const isLabelValue = (value: unknown) =>
  typeof value === "string" && value.length <= 63 && /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value);

function keyCauses(field: string, key: string): Cause[] {
  const [, prefix, name = key] = /^([^/]+)\/(.*)$/.exec(key) ?? [];
  const isGood = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name) && name.length <= 63;
  const isGoodPrefix = prefix === undefined || new RegExp(`^${subdomain}$`).test(prefix);
  const why =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  return isGood && isGoodPrefix ? [] : [causeOf(field, key, why)];
}
