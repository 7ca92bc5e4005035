/** GET /metrics as a scraper sees it: exact, well-formed, for the scraper only, and free of charge for everybody else. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closes } from "../../../durable-objects/protocol/closes.ts";
import { app } from "../../../workers/app.ts";
import { Meter } from "../../../workers/rules/meter.ts";
import { ViewerPeer } from "../../durable-objects/peers.ts";
import { readExposition, type Scraped } from "../../support/exposition.ts";
import { newWorld, setPhase } from "../environments/world.ts";
import { call, newAddress, newPerson, origin, randomText } from "../support/api.ts";
import { withinOneMinute } from "../support/one-minute.ts";

const token = "scrape-token-of-the-tests";

/** An isolate of its own: its bindings are another object, so what it shares is another too. */
function newIsolate(more: object = {}) {
  const bindings = { ...env, METRICS_TOKEN: token, LIMIT_METRICS_FLUSH_MS: "1", LOG_LEVEL: "error", ...more } as Env;
  return async (route: string, headers: Record<string, string> = {}) => {
    const [method = "GET", path = "/"] = route.split(" ");
    const context = createExecutionContext();
    const init = { method, headers: { "cf-connecting-ip": newAddress(), ...headers } };
    const response = await app.fetch(new Request(`${origin}${path}`, init), bindings, context);
    const text = response.status === 101 ? "" : await response.text();
    await waitOnExecutionContext(context);
    return { status: response.status, headers: response.headers, text, response };
  };
}
const bearer = (shown: string) => ({ authorization: `Bearer ${shown}` });

async function scrape(ask = newIsolate()): Promise<Scraped> {
  const answer = await ask("GET /metrics", bearer(token));
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return readExposition(answer.text);
}
const value = ({ values }: Scraped, key: string) => values.get(key) ?? 0;
const requests = (route: string, status: string, method = "GET") =>
  `devpocket_http_requests_total{method="${method}",route="${route}",status="${status}"}`;

afterEach(() => vi.restoreAllMocks());

describe("the metrics", () => {
  it("count N parallel requests of two isolates as N, whichever is asked", async () => {
    const isolates = [newIsolate(), newIsolate()];
    const before = await scrape();
    const asked = isolates.flatMap((ask) => Array.from({ length: 25 }, () => ask("GET /.well-known/jwks.json")));
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
    const after = await scrape();
    const key = requests("/.well-known/jwks.json", "2xx");
    expect(value(after, key) - value(before, key)).toBe(50);
    const count = 'devpocket_http_request_duration_seconds_count{method="GET",route="/.well-known/jwks.json"}';
    expect(value(after, count) - value(before, count)).toBe(50);
  });

  it("tell errors by code, refused sockets, and queries with their times", async () => {
    const ask = newIsolate();
    const before = await scrape(ask);
    const id = `env_${randomText(20)}`;
    await ask(`GET /api/v1/environments/${id}`);
    await ask(`GET /api/v1/environments/${id}`, bearer("junk"));
    await ask(`GET /api/v1/ws/terminal/${id}`, { upgrade: "websocket" });
    await ask("GET /api/v1/templates?limit=1");
    const after = await scrape(ask);
    const grown = (key: string) => value(after, key) - value(before, key);
    expect(grown(requests("/api/v1/environments/:id", "4xx"))).toBeGreaterThanOrEqual(2);
    expect(grown('devpocket_errors_total{code="unauthenticated"}')).toBeGreaterThanOrEqual(2);
    expect(grown(requests("/api/v1/ws/terminal/:id", "1xx"))).toBeGreaterThanOrEqual(1);
    expect(grown('devpocket_sockets_refused_total{close="unauthenticated"}')).toBeGreaterThanOrEqual(1);
    expect(grown('devpocket_database_query_duration_seconds_count{outcome="ok"}')).toBeGreaterThanOrEqual(2);
    expect(grown('devpocket_database_query_duration_seconds_sum{outcome="ok"}')).toBeGreaterThan(0);
  });

  it("tell environments by phase and cluster, people, and when bridges were seen", async () => {
    const { cluster, create } = await newWorld();
    const ids = [(await create()).body.id, (await create()).body.id, (await create()).body.id];
    await setPhase(ids[0] ?? "", "running", "running");
    await setPhase(ids[1] ?? "", "running", "running");
    await setPhase(ids[2] ?? "", "creating", "running", new Date(Date.now() - 1000));
    const { values } = await scrape();
    expect(values.get(`devpocket_environments{phase="running",cluster="${cluster.id}"}`)).toBe(2);
    expect(values.get(`devpocket_environments{phase="error",cluster="${cluster.id}"}`)).toBe(1);
    expect(values.get(`devpocket_bridge_last_seen_timestamp_seconds{cluster="${cluster.id}"}`)).toBe(0);
    expect(values.get('devpocket_users{plan="test-5",state="active"}')).toBeGreaterThan(0);
  });

  it("tell sockets by kind and close code, as the objects saw them close", async () => {
    const counted = vi.spyOn(Meter.prototype, "count");
    const before = await scrape();
    const { person, create } = await newWorld();
    const { id } = (await create()).body;
    const headers = { upgrade: "websocket", ...bearer(person.token) };
    const dial = async (kind: string) =>
      new ViewerPeer(await exports.default.fetch(new Request(`${origin}/api/v1/ws/${kind}/${id}`, { headers })));
    const [viewer, reader] = [await dial("terminal"), await dial("logs")];
    await Promise.all([viewer, reader].map((peer) => peer.has({ type: "welcome" })));
    viewer.socket.close(4321);
    await call("POST /api/v1/auth/logout", { token: person.token });
    const opened = ["terminal", "logs"].map((kind) => ["opened", kind]);
    expect(counted.mock.calls).toEqual(expect.arrayContaining(opened));
    await vi.waitFor(async () => {
      const after = await scrape();
      for (const labels of ['kind="terminal",code="other"', `kind="logs",code="${closes.sessionEnded.code}"`]) {
        const key = `devpocket_sockets_closed_total{${labels}}`;
        expect(value(after, key), key).toBeGreaterThan(value(before, key));
      }
    }, 10_000);
  });

  it("have no label that a client can make up", async () => {
    const ask = newIsolate();
    const word = `zz${randomText(10)}`;
    await ask(`GET /${word}`);
    await ask(`GET /api/v1/${word}?${word}=1`);
    await ask(`GET /api/v1/templates/${word}`);
    await ask("PURGE /health");
    const answer = await ask("GET /metrics", bearer(token));
    expect(answer.text.toLowerCase()).not.toContain(word);
    expect(answer.text).not.toContain("PURGE");
    expect(answer.text).toContain('method="OTHER"');
  });
});

describe("the scraper's token", () => {
  it("is the only one that opens /metrics, and opens nothing else", async () => {
    const ask = newIsolate();
    const { accessToken } = await newPerson();
    for (const shown of [accessToken, `${token}x`, token.slice(1), "x"]) {
      expect((await ask("GET /metrics", bearer(shown))).status).toBe(401);
    }
    expect((await ask("GET /metrics")).status).toBe(401);
    expect((await ask(`GET /metrics?token=${token}`)).status).toBe(401);
    expect((await ask("GET /api/v1/auth/me", bearer(token))).status).toBe(401);
  });

  it("has a limit of its own, for whoever guesses it", () =>
    withinOneMinute(async () => {
      const ask = newIsolate();
      const address = { "cf-connecting-ip": newAddress() };
      const statuses: number[] = [];
      for (let guess = 0; guess < 61; guess += 1) {
        statuses.push((await ask("GET /metrics", { ...address, ...bearer(`guess${guess}`) })).status);
      }
      expect(new Set(statuses.slice(0, 60))).toEqual(new Set([401]));
      expect(statuses.at(-1)).toBe(429);
    }));

  it("is told by /info to be set up or not, and without one /metrics is closed", async () => {
    const features = async (ask: ReturnType<typeof newIsolate>) =>
      JSON.parse((await ask("GET /api/v1/info")).text).features.metrics;
    expect(await features(newIsolate())).toBe(true);
    const closed = newIsolate({ METRICS_TOKEN: "" });
    expect(await features(closed)).toBe(false);
    expect((await closed("GET /metrics", bearer(""))).status).toBe(401);
    expect((await closed("GET /metrics", bearer("null"))).status).toBe(401);
  });
});

describe("a Redis that is away", () => {
  it("costs no request anything, and is told to the scraper as 503", async () => {
    const ask = newIsolate({ UPSTASH_REDIS_REST_TOKEN: "revoked" });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask("GET /.well-known/jwks.json")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const answer = await ask("GET /metrics", bearer(token));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, "unavailable"]);
    expect(answer.text).not.toContain("revoked");
  });

  it("and objects that do not know the meter likewise", async () => {
    const answer = await newIsolate({ METERS: env.TERMINALS })("GET /metrics", bearer(token));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, "unavailable"]);
  });

  it("and a database that is away likewise", async () => {
    const ask = newIsolate({ NEON_FETCH_ENDPOINT: "http://127.0.0.1:9/sql" });
    expect((await ask("GET /metrics", bearer(token))).status).toBe(503);
    expect((await call("GET /health")).status).toBe(200);
  });
});
