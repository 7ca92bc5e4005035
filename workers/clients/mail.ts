/**
 * Sends mail: Resend over fetch, or in development an outbox that /dev/outbox shows. A mail may hold a secret, so
 * nothing here logs one.
 */
import { z } from "zod";
import type { MailConfig } from "../rules/config.ts";
import { Failed } from "../rules/failures.ts";
import { type Redis, redisUnavailable } from "./redis.ts";

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

const keptMailSchema = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  sent_at: z.string(),
});
export type KeptMail = z.infer<typeof keptMailSchema>;

export interface Mailer {
  /** Fails as `unavailable` when the sender does not take the mail. `key` makes a repeated send one mail. */
  send(mail: Mail, key: string, now: Date): Promise<void>;
}

const outboxKey = "dev:outbox";
const keptMails = 100;
const sendTimeoutMs = 10_000;
const retryAfterSeconds = 60;

/** `timeoutMs`: how long Resend may take for one mail. */
export function connectMailer({ sender, from }: MailConfig, redis: Redis, timeoutMs = sendTimeoutMs): Mailer {
  switch (sender.kind) {
    case "resend":
      return { send: (mail, key) => sendByResend({ ...sender, timeoutMs }, from, mail, key) };
    case "outbox":
      return { send: (mail, _key, now) => keepInOutbox(redis, mail, now) };
    case "none":
      return { send: async () => {} };
  }
}

/** The mails of a development server, newest first. Fails as `unavailable` when Redis does not answer. */
export async function readOutbox(redis: Redis): Promise<KeptMail[]> {
  return z.array(keptMailSchema).parse(await redis.lrange(outboxKey, 0, keptMails - 1).catch(redisUnavailable));
}

async function keepInOutbox(redis: Redis, mail: Mail, now: Date): Promise<void> {
  await redis.lpush(outboxKey, { ...mail, sent_at: now.toISOString() } satisfies KeptMail);
  await redis.ltrim(outboxKey, 0, keptMails - 1);
}

/** https://resend.com/docs/api-reference/emails/send-email */
async function sendByResend(
  sender: { apiKey: string; url: string; timeoutMs: number },
  from: string,
  mail: Mail,
  key: string,
): Promise<void> {
  const response = await fetch(`${sender.url}/emails`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${sender.apiKey}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify({ from, to: [mail.to], subject: mail.subject, text: mail.text, html: mail.html }),
    signal: AbortSignal.timeout(sender.timeoutMs),
  }).catch((cause: unknown) => {
    throw new Failed({ kind: "unavailable", dependency: "mail", retryAfterSeconds }, { cause });
  });
  await response.body?.cancel();
  if (!response.ok) {
    const cause = new Error(`the mail sender answered ${response.status}`);
    throw new Failed({ kind: "unavailable", dependency: "mail", retryAfterSeconds }, { cause });
  }
}
