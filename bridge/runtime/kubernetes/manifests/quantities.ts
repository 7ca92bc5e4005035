/**
 * Quantities as the API server writes them (`500m`, `2Gi`), so that what comes back compares equal to what was sent; and
 * as it and metrics.k8s.io may write them (`12521514n`, `14728Ki`, `1e3`).
 */

const binaryUnits = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;
const scales: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  ...Object.fromEntries(binaryUnits.map((unit, index) => [unit, 2 ** (10 * (index + 1))])),
};
const pattern = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d{1,3})|([A-Za-z]{0,2}))$/i;

/** Processor time; whole millicores. */
export function cpuQuantity(millicores: number): string {
  const whole = wholeOf(millicores);
  return whole % 1000 === 0 ? String(whole / 1000) : `${whole}m`;
}

/** Memory or storage, in the largest binary unit that leaves no rest; whole bytes. */
export function bytesQuantity(bytes: number): string {
  const whole = wholeOf(bytes);
  const unit = binaryUnits.findLast((each) => whole % (scales[each] ?? 1) === 0);
  return unit === undefined || whole === 0 ? String(whole) : `${whole / (scales[unit] ?? 1)}${unit}`;
}

/** The number a quantity stands for, in cores or bytes; null for what is none, such as `1.5Gib`. */
export function parseQuantity(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, number, exponent, unit = ""] = match;
  const scale = exponent === undefined ? scales[unit] : 10 ** Number(exponent);
  return scale === undefined ? null : Number(number) * scale;
}

function wholeOf(amount: number): number {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`${amount} is no whole amount`);
  return amount;
}
