/**
 * Sizes as people and Kubernetes write them (`500m`, `1Gi`) and as we keep them: whole millicores, whole bytes.
 * Reading and writing are mirror images; what is malformed is a tagged failure, never NaN.
 */
import { z } from "zod";
import type { Resources } from "../../durable-objects/protocol/bridge-api.ts";

export interface MalformedQuantity {
  readonly kind: "malformed_quantity";
  readonly text: string;
  readonly expected: string;
}
export type Quantity =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly failure: MalformedQuantity };

/** A size as the API writes it. */
export interface WrittenResources {
  cpu: string;
  memory: string;
  storage: string;
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
const binaryUnits = ["Ti", "Gi", "Mi", "Ki"] as const;

const expectedCpu = "processors such as 500m or 2";
const expectedBytes = "a size such as 512Mi or 10Gi";
const cpuPattern = /^(\d{1,9}(?:\.\d{1,3})?)(m?)$/;
const bytesPattern = /^(\d{1,16}(?:\.\d{1,3})?)([KMGT]i|[kMGT]|)$/;

/** Reads processor time: `500m`, `2`, `0.5`. The value is in millicores. */
export function parseCpu(text: string): Quantity {
  const match = cpuPattern.exec(text);
  const millicores = match === null ? Number.NaN : Number(match[1]) * (match[2] === "m" ? 1 : 1000);
  return wholeAndPositive(text, millicores, expectedCpu);
}

/** Reads memory or storage: `512Mi`, `1.5Gi`, `2G`, `1048576`. The value is in bytes. */
export function parseBytes(text: string): Quantity {
  const match = bytesPattern.exec(text);
  const bytes = match === null ? Number.NaN : Number(match[1]) * (bytesPerUnit[match[2] ?? ""] ?? Number.NaN);
  return wholeAndPositive(text, bytes, expectedBytes);
}

function wholeAndPositive(text: string, exact: number, expected: string): Quantity {
  const value = Math.round(exact);
  if (Number.isSafeInteger(value) && value > 0) return { ok: true, value };
  return { ok: false, failure: { kind: "malformed_quantity", text, expected } };
}

const quantitySchema = (pattern: RegExp, parse: (text: string) => Quantity, expected: string) => {
  const message = `must be ${expected}`;
  return z
    .union([z.string().regex(pattern, message), z.number().positive(message)], {
      error: ({ input }) => (input === undefined ? "Required" : message),
    })
    .transform((written, context) => {
      const parsed = parse(String(written));
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    });
};

/** Processor time from outside, as text or a plain number of processors; becomes millicores. */
export const cpuSchema = quantitySchema(cpuPattern, parseCpu, expectedCpu);
/** Memory or storage from outside, as text or a plain number of bytes; becomes bytes. */
export const bytesSchema = quantitySchema(bytesPattern, parseBytes, expectedBytes);

/** Writes millicores the way `parseCpu` reads them: `500m`, `2`. */
export function formatCpu(millicores: number): string {
  return millicores % 1000 === 0 ? String(millicores / 1000) : `${millicores}m`;
}

/** Writes bytes the way `parseBytes` reads them, in the largest binary unit that leaves no rest. */
export function formatBytes(bytes: number): string {
  const unit = binaryUnits.find((candidate) => bytes % (bytesPerUnit[candidate] ?? 0) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (bytesPerUnit[unit] ?? 1)}${unit}`;
}

/** All three sizes as the API writes them. */
export function formatResources(resources: Resources): WrittenResources {
  return {
    cpu: formatCpu(resources.cpu_millicores),
    memory: formatBytes(resources.memory_bytes),
    storage: formatBytes(resources.storage_bytes),
  };
}
