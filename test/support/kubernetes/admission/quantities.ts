/** Kubernetes quantities: `1.5Gi`, `500m`, `2e3`. */
import { badRequest } from "../api/statuses.ts";

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const pattern = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?)|[eE]([+-]?\d+))$/;

/** The number it stands for, or null where it is none. */
export function quantityOf(text: string): number | null {
  const [, digits, suffix, exponent] = pattern.exec(text) ?? [];
  if (digits === undefined) return null;
  return Number(digits) * (exponent === undefined ? (factors[suffix ?? ""] ?? 1) : 10 ** Number(exponent));
}

/** As `quantityOf`, or 400 in the decoder's words: a malformed quantity is no validation error. */
export function decodedQuantity(kind: string, text: string): number {
  const value = quantityOf(text);
  if (value !== null) return value;
  const expected = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
  throw badRequest(
    `${kind} in version "v1" cannot be handled as a ${kind}: quantities must match the regular expression '${expected}'`,
  );
}
