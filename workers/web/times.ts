/** Moments as people say them. The clock is an argument. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago`, and from a month on the date. */
export function agoWords(time: string, nowMs: number): string {
  const atMs = Date.parse(time);
  const agoMs = nowMs - atMs;
  if (Number.isNaN(atMs)) return "at an unknown time";
  if (agoMs < minuteMs) return "just now";
  if (agoMs < hourMs) return `${Math.floor(agoMs / minuteMs)} min ago`;
  if (agoMs < dayMs) return `${Math.floor(agoMs / hourMs)} h ago`;
  if (agoMs < 2 * dayMs) return "yesterday";
  return agoMs < 30 * dayMs ? `${Math.floor(agoMs / dayMs)} days ago` : `on ${dateWords(time)}`;
}

/** `in 4 min`, `in 50 s`, and `now` for what is past. */
export function leftWords(time: string, nowMs: number): string {
  const leftMs = Date.parse(time) - nowMs;
  if (!(leftMs > 0)) return "now";
  return leftMs <= 90_000 ? `in ${Math.ceil(leftMs / 1000)} s` : `in ${Math.ceil(leftMs / minuteMs)} min`;
}

/** `15 min`, `4 h`: minutes as people say them. */
export function durationWords(minutes: number): string {
  return minutes >= 120 && minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** `12 Dec 2026`, as the browser's language writes it. */
export function dateWords(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

/** `expires within a day`, `expires in 29 days`, `expired`; null = never. */
export function expiryWords(time: string | null, nowMs: number): string {
  if (time === null) return "never expires";
  const leftMs = Date.parse(time) - nowMs;
  if (leftMs <= 0) return "expired";
  const days = Math.ceil(leftMs / dayMs);
  return days === 1 ? "expires within a day" : `expires in ${days} days`;
}
