/** Resend's adapter against a local HTTP server: what it sends, and what it says when the server does not take it. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { afterEach, expect, it } from "vitest";
import { close, listen, readBody } from "../../bridge/dev/http.ts";
import { connectMailer } from "../../workers/clients/mail.ts";
import type { Redis } from "../../workers/clients/redis.ts";
import { failureIn, rootCause } from "../../workers/rules/failures.ts";

const mail = { to: "ada@example.com", subject: "Hello", text: "s3cret", html: "<p>s3cret</p>" };
const noRedis = {} as Redis;
const stops: (() => Promise<void>)[] = [];

interface Sent {
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** A sender that answers every mail with this status; null = never. */
async function newSender(status: number | null) {
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await readBody(request, 100_000));
    sent.push({ path: `${request.method} ${request.url}`, headers: request.headers, body });
    if (status !== null) response.writeHead(status, { "content-type": "application/json" }).end('{"id":"x"}');
  });
  const { port } = await listen(server, 0);
  stops.push(() => close(server));
  return { sent, url: `http://127.0.0.1:${port}` };
}

const mailerAt = (url: string, timeoutMs?: number) =>
  connectMailer(
    {
      sender: { kind: "resend", apiKey: "re_key", url },
      from: "DevPocket <no@example.com>",
      requiresVerification: true,
    },
    noRedis,
    timeoutMs,
  );

/** What a failed send says: the failure for the domain, and the text that may be logged. */
async function refusal(sending: Promise<void>) {
  const error = await sending.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { failure: failureIn(error), told: rootCause(error).message };
}

const unavailable = { kind: "unavailable", dependency: "mail", retryAfterSeconds: 60 };

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

it("sends the mail once for a key, with the key of the account in a header", async () => {
  const { sent, url } = await newSender(200);
  await mailerAt(url).send(mail, "mls_1", new Date());
  expect(sent).toMatchObject([
    {
      path: "POST /emails",
      headers: { authorization: "Bearer re_key", "idempotency-key": "mls_1", "content-type": "application/json" },
      body: { ...mail, to: [mail.to], from: "DevPocket <no@example.com>" },
    },
  ]);
});

it.each([401, 422, 429, 500])("fails as unavailable on %s and repeats nothing of the mail", async (status) => {
  const { url } = await newSender(status);
  const { failure, told } = await refusal(mailerAt(url).send(mail, "mls_1", new Date()));
  expect(failure).toEqual(unavailable);
  expect(told).toBe(`the mail sender answered ${status}`);
});

it("fails as unavailable when nobody listens or nobody answers in time", async () => {
  const { url } = await newSender(null);
  expect((await refusal(mailerAt(url, 50).send(mail, "mls_1", new Date()))).failure).toEqual(unavailable);
  const nobody = await refusal(mailerAt("http://127.0.0.1:9").send(mail, "mls_1", new Date()));
  expect(nobody.failure).toEqual(unavailable);
  expect(nobody.told).not.toMatch(/s3cret|re_key/);
});
