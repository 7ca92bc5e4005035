/**
 * What is to be said of an environment until somebody types: an annotation of its pod, so that every bridge knows it, also one
 * that comes later. What stands there is foreign data.
 */
import { z } from "zod";
import { observedReasons } from "../../../durable-objects/protocol/reasons.ts";
import { parseJson } from "../parse-json.ts";

const newsSchema = z.object({ reason: z.enum(observedReasons as [string, ...string[]]), message: z.string().max(500) });
const noticeSchema = z.array(newsSchema).max(4);

/** One thing that is not as it was left. */
export interface News {
  reason: (typeof observedReasons)[number];
  message: string;
}

export function encodeNotice(notice: readonly News[]): string {
  return JSON.stringify(notice);
}

/** Nothing, for a text that is none of ours. */
export function parseNotice(text: string | undefined): News[] {
  const { data } = noticeSchema.safeParse(parseJson(text ?? ""));
  return (data ?? []).flatMap(({ reason, message }) => {
    const known = observedReasons.find((each) => each === reason);
    return known === undefined ? [] : [{ reason: known, message }];
  });
}
