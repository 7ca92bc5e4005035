/** GET /dev/outbox: for programs as JSON, for people as a page that runs nothing, in production not at all. */
import { describe, expect, it } from "vitest";
import { connectMailer } from "../../../workers/clients/mail.ts";
import { listOutbox } from "../../../workers/domain/outbox.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { call, randomText } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { validateAnswer } from "../support/document.ts";

/** A mail that somebody put everything into. */
async function keepHostile() {
  const deps = newDeps();
  const word = randomText(12);
  const mail = {
    to: `${word}@example.com`,
    subject: `<script>alert("${word}")</script>`,
    text: `</pre><img src=x onerror=alert(1)> ${word} & more`,
    html: `<p onclick="alert(1)">${word}</p>`,
  };
  await deps.mailer.send(mail, word, deps.now());
  return { word, mail };
}

describe("the outbox", () => {
  it("shows mails as they would have been sent, the newest first", async () => {
    const first = await keepHostile();
    const second = await keepHostile();
    const answer = await call("GET /dev/outbox");
    validateAnswer("GET /dev/outbox", answer);
    const mails = answer.body["mails"] as { to: string }[];
    const index = (word: string) => mails.findIndex(({ to }) => to === `${word}@example.com`);
    expect(mails[index(second.word)]).toEqual({ ...second.mail, sent_at: expect.any(String) });
    expect(index(second.word)).toBeLessThan(index(first.word));
  });

  it("is a page for a browser, where a mail is text and nothing runs", async () => {
    const { word } = await keepHostile();
    const { headers, text, status } = await call("GET /dev/outbox", { headers: { accept: "text/html,*/*" } });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toContain("text/html");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(text).toContain(`&lt;script&gt;alert(&quot;${word}&quot;)&lt;/script&gt;`);
    expect(text).toContain("&lt;/pre&gt;&lt;img src=x");
    expect(text).not.toMatch(/<script|<img|onclick="/);
  });

  it("is nowhere in production", async () => {
    const deps = newDeps();
    const refused = listOutbox({ ...deps, config: { ...deps.config, environment: "production" } });
    expect(await refused.catch(failureIn)).toEqual({ kind: "not_found", what: "route" });
  });
});

it("with no sender a mail goes nowhere, and nobody waits for it", async () => {
  const { redis, now } = newDeps();
  const mailer = connectMailer({ sender: { kind: "none" }, from: "x", requiresVerification: false }, redis);
  const { word, mail } = await keepHostile();
  await mailer.send({ ...mail, to: `none${word}@example.com` }, word, now());
  expect((await call("GET /dev/outbox")).text).not.toContain(`none${word}`);
});
