/**
 * What can go wrong with a call, as tagged arms, and the words people read for each. Problem bodies are RFC 9457 as
 * contract.md section 2 shapes them; nothing here branches on their text.
 */
import * as z from "zod/mini";

/** First message for each named input. */
export type FieldErrors = Readonly<Record<string, string>>;

export type Failure =
  /** No answer at all: no network, server away, call cut. */
  | { kind: "offline" }
  /** Nobody is signed in (any more). */
  | { kind: "signed_out" }
  | {
      kind: "problem";
      status: number;
      code: string;
      detail: string;
      fields: FieldErrors;
      retryAfterSeconds: number | null;
    }
  /** An answer that is not what the contract says. */
  | { kind: "unreadable"; status: number };

export class Failed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind === "problem" ? failure.detail : failure.kind);
    this.failure = failure;
  }
}

const problemSchema = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  errors: z.nullish(z.array(z.object({ field: z.string(), message: z.string() }))),
  retry_after: z.nullish(z.number()),
});

/** Reads a problem body; anything else becomes `unreadable`. */
export function readProblem(status: number, body: unknown): Failure {
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success) return { kind: "unreadable", status };
  const { code, detail, errors, retry_after } = parsed.data;
  return {
    kind: "problem",
    status,
    code,
    detail,
    fields: fieldErrors(errors ?? []),
    retryAfterSeconds: retry_after ?? null,
  };
}

/** The first message of each field, in the server's order. */
export function fieldErrors(errors: readonly { field: string; message: string }[]): FieldErrors {
  const fields: Record<string, string> = {};
  for (const { field, message } of errors) fields[field] ??= message;
  return fields;
}

/** Whether asking again cannot help: nobody is signed in, it is not allowed, or it is not there. */
export function isFinal(failure: Failure): boolean {
  return failure.kind === "signed_out" || (failure.kind === "problem" && [403, 404].includes(failure.status));
}

/** What the person who caused a failure reads. */
export function explain(failure: Failure): string {
  switch (failure.kind) {
    case "offline":
      return "No connection to the server. Check your network and try again.";
    case "signed_out":
      return "You are signed out. Please sign in again.";
    case "unreadable":
      return `The server gave an answer this page cannot read (status ${failure.status}).`;
    case "problem":
      return explainProblem(failure);
  }
}

const advice: Readonly<Record<string, string>> = {
  quota_exceeded: "Your account shows what your plan allows and how much of it is used.",
  email_not_verified: "Open the link or type the code of the mail we sent you, then try again.",
  bridge_unavailable: "The cluster is not connected right now.",
};

function explainProblem(problem: Extract<Failure, { kind: "problem" }>): string {
  const wait = problem.retryAfterSeconds === null ? undefined : `Try again in ${duration(problem.retryAfterSeconds)}.`;
  const isAsked = Object.keys(problem.fields).length > 0;
  const detail = isAsked ? "Please correct the marked fields." : sentence(problem.detail);
  return [detail, advice[problem.code], wait].filter((part) => part !== undefined).join(" ");
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} s`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
