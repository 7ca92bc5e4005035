/** What `--check` finds, one line each, in words for who runs the cluster. */

export interface Finding {
  /** `warn`: it works, and less well than it could. */
  level: "ok" | "warn" | "fail";
  subject: string;
  text: string;
}

export const ok = (subject: string, text: string): Finding => ({ level: "ok", subject, text });
export const warn = (subject: string, text: string): Finding => ({ level: "warn", subject, text });
export const fail = (subject: string, text: string): Finding => ({ level: "fail", subject, text });

export function findingLine({ level, subject, text }: Finding): string {
  return `${level.padEnd(4)}  ${subject.padEnd(13)} ${text.replaceAll("\n", " ")}`;
}

const driftAllowedMs = 30_000;

/** How far a server's clock and ours are apart, by the Date of an answer. */
export function clockFinding(whose: string, date: string | null | undefined, now: Date): Finding {
  const apartMs = Math.abs(Date.parse(date ?? "") - now.getTime());
  if (Number.isNaN(apartMs)) return warn("clock", `${whose} does not tell its time`);
  const seconds = Math.round(apartMs / 1000);
  if (apartMs <= driftAllowedMs) return ok("clock", `${whose} and this machine agree about the time`);
  return fail("clock", `${whose} and this machine are ${seconds} s apart: one of them needs NTP`);
}
