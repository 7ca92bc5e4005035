/** Numbers of file systems as messages can carry them: programs may give a file any size and any time. */

/** The latest moment that a date can be, either side of 1970. */
const maxDateMs = 8.64e15;

/** A file with holes may be larger than a number tells exactly. */
export function toldSize(bytes: number): number {
  return Number.isNaN(bytes) ? 0 : Math.min(Math.max(0, bytes), Number.MAX_SAFE_INTEGER);
}

/** ISO 8601; what no calendar holds is told as the nearest day that one does. */
export function toldTime(ms: number): string {
  return new Date(Math.min(Math.max(-maxDateMs, ms), maxDateMs)).toISOString();
}
