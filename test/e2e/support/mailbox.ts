/** Reads the mails that a development server would have sent. */
import { vi } from "vitest";

export interface ReceivedMail {
  to: string;
  subject: string;
  text: string;
}

/** The newest mail to an address about something; waits for one, since a mail is sent after the answer. */
export function newestMail(url: string, to: string, subject: RegExp): Promise<ReceivedMail> {
  return vi.waitFor(() => findMail(url, to, subject), { timeout: 20_000, interval: 100 });
}

async function findMail(url: string, to: string, subject: RegExp): Promise<ReceivedMail> {
  const response = await fetch(`${url}/dev/outbox`, { headers: { accept: "application/json" } });
  const { mails } = (await response.json()) as { mails: ReceivedMail[] };
  const mail = mails.find((each) => each.to === to && subject.test(each.subject));
  if (mail === undefined) throw new Error(`no mail to ${to} about ${subject} among ${mails.length}`);
  return mail;
}

/** The address of our page in a mail, which brings its secret along. */
export function linkIn({ text }: ReceivedMail): string {
  return found(/^https?:\/\/\S+\/#\/\S+$/m, text);
}

/** The six digits in a mail. */
export function codeIn({ text }: ReceivedMail): string {
  return found(/^\d{6}$/m, text);
}

function found(pattern: RegExp, text: string): string {
  const match = pattern.exec(text)?.[0];
  if (match === undefined) throw new Error(`nothing like ${pattern} in:\n${text}`);
  return match;
}
