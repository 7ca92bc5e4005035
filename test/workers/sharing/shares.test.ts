/** Offering, accepting, changing, revoking and leaving, and what a guest is shown. */
import { sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { hashOf } from "../../../workers/rules/tokens.ts";
import { api, db, newApi, type Problem, runCron } from "../environments/world.ts";
import { lastMailTo, mailing, mailsTo } from "../support/mail.ts";
import { accept, type Body, hosting, newNamed, offersOf, type ShareBody } from "./support.ts";

async function auditedAbout(environmentId: string): Promise<{ action: string; actor_id: string }[]> {
  const { rows } = await db.execute<{ action: string; actor_id: string }>(
    sql`select action, actor_id from audit_events where target_id = ${environmentId} and action like 'share.%' order by id`,
  );
  return rows;
}

describe("a link", () => {
  it("lets many people in until it is revoked, is answered the same again, and is kept as its hash only", async () => {
    const { share, list, revoke, id, owner } = await hosting();
    const link = await share({ kind: "link", role: "driver" });
    expect(link).toMatchObject({ state: "pending", guests: [], username: null, email: null });
    expect(link.url?.endsWith(`/#/share/${link.secret}`)).toBe(true);
    const guests = [await newNamed(), await newNamed()];
    for (const guest of guests) {
      const [first, again] = [await accept(guest, link.secret), await accept(guest, link.secret)];
      expect(first.body).toMatchObject({
        role: "driver",
        state: "accepted",
        environment: { id },
        owner: { id: owner.id },
      });
      expect(again.body).toEqual(first.body);
    }
    expect((await list())[0]).toMatchObject({
      state: "accepted",
      guests: guests.map(({ username }) => ({ username })),
    });
    expect(JSON.stringify(await list())).not.toContain(link.secret);
    const { rows } = await db.execute(sql`select secret_hash from shares where id = ${link.id}`);
    expect(rows).toEqual([{ secret_hash: hashOf(String(link.secret)) }]);
    expect((await revoke(link.id)).status).toBe(200);
    expect((await accept(await newNamed(), link.secret)).body).toMatchObject({ code: "invalid_code" });
    expect([await list(), await offersOf(guests[0] ?? owner)]).toEqual([[], []]);
    expect((await revoke(link.id)).status).toBe(404);
  });

  it("lives from 5 minutes to 90 days, a week unless asked otherwise", async () => {
    const { share, at, owner } = await hosting();
    const days = (text: string) => (Date.parse(text) - Date.now()) / 86_400_000;
    expect(days((await share({ kind: "link" })).expires_at)).toBeCloseTo(7, 1);
    for (const expires_in_seconds of [299, 90 * 86_400 + 1, 0, -1, 600.5, "1h"]) {
      const body = { kind: "link", expires_in_seconds };
      const answer = await api<Problem>("POST", `${at}/shares`, { token: owner.token, body });
      expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, "expires_in_seconds"]);
    }
  });

  it("is nothing once it has expired, for who has accepted it too", async () => {
    const { share, at } = await hosting();
    const link = await share({ kind: "link" });
    const guest = await newNamed();
    await accept(guest, link.secret);
    await db.execute(sql`update shares set expires_at = now() where id = ${link.id}`);
    expect((await api("GET", at, { token: guest.token })).status).toBe(404);
    expect((await accept(await newNamed(), link.secret)).status).toBe(400);
    expect(await offersOf(guest)).toEqual([]);
  });

  it("is refused to its own owner, and so is any text that is none", async () => {
    const { share, owner } = await hosting();
    const link = await share({ kind: "link" });
    expect((await accept(owner, link.secret)).status).toBe(403);
    for (const secret of ["x", `dp_share_${"A".repeat(43)}`, `${link.secret}A`, link.id]) {
      expect((await accept(await newNamed(), secret)).body).toMatchObject({ status: 400, code: "invalid_code" });
    }
  });

  it("is held by 100 people at most", async () => {
    const { share } = await hosting();
    const link = await share({ kind: "link" });
    await db.execute(sql`with made as (insert into users (id, username, email) select ${link.id} || n, ${link.id} || n,
      ${link.id} || n || '@example.com' from generate_series(1, 100) n returning id)
      insert into share_guests (user_id, share_id, accepted_at) select id, ${link.id}, now() from made`);
    expect((await accept(await newNamed(), link.secret)).body).toMatchObject({ status: 403, code: "limit_reached" });
  });
});

describe("an offer to a user name", () => {
  it("gives nothing before it is accepted, and then what it says", async () => {
    const { share, at, list } = await hosting();
    const guest = await newNamed();
    const offered = await share({ kind: "user", username: guest.username.toUpperCase(), role: "viewer" });
    expect(offered).toMatchObject({ secret: null, url: null, state: "pending" });
    expect((await api("GET", at, { token: guest.token })).status).toBe(404);
    expect(await offersOf(guest)).toMatchObject([{ id: offered.id, state: "pending" }]);
    const stranger = await newNamed();
    const byStranger = await api<Problem>("POST", `/api/v1/shares/${offered.id}/accept`, { token: stranger.token });
    expect(byStranger.status).toBe(404);
    expect((await api("POST", `/api/v1/shares/${offered.id}/accept`, { token: guest.token })).status).toBe(200);
    expect((await api("GET", at, { token: guest.token })).status).toBe(200);
    expect((await list())[0]?.state).toBe("accepted");
  });

  it("is answered alike for a name that nobody has, and listed alike", async () => {
    const { share, list } = await hosting();
    const known = await share({ kind: "user", username: (await newNamed()).username });
    const unknown = await share({ kind: "user", username: `nobody-${known.id.slice(-12)}` });
    const shape = ({ id, username, expires_at, ...rest }: ShareBody) => ({ ...rest, created_at: null });
    expect(shape(unknown)).toEqual(shape(known));
    const [a, b] = await list();
    expect([a, b].map((each) => each && shape(each))).toEqual([a && shape(a), a && shape(a)]);
  });

  it("wants the field of its kind, and not oneself", async () => {
    const { at, owner } = await hosting();
    const asked = (body: Body) => api<Problem>("POST", `${at}/shares`, { token: owner.token, body });
    expect((await asked({ kind: "user" })).body.errors?.[0]?.field).toBe("username");
    expect((await asked({ kind: "email", username: "somebody" })).body.errors?.[0]?.field).toBe("email");
    expect((await asked({ kind: "everybody" })).body.errors?.[0]?.field).toBe("kind");
    expect((await asked({ kind: "link", role: "owner" })).body.errors?.[0]?.field).toBe("role");
    const me = await db.execute<{ username: string }>(sql`select username from users where id = ${owner.id}`);
    expect((await asked({ kind: "user", username: me.rows[0]?.username })).status).toBe(400);
  });

  it("is made once while it lives, in any case, whoever has the name", async () => {
    const { share, at, owner, revoke } = await hosting();
    const guest = await newNamed();
    for (const username of [guest.username, `nobody-${crypto.randomUUID().slice(0, 8)}`]) {
      const ask = (name: string) =>
        api<Problem>("POST", `${at}/shares`, { token: owner.token, body: { kind: "user", username: name } });
      const answers = await Promise.all([ask(username), ask(username), ask(username.toUpperCase())]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
      const made = answers.find(({ status }) => status === 201) as unknown as { body: ShareBody };
      expect((await ask(username)).body).toMatchObject({ code: "already_exists", field: "username" });
      await revoke(made.body.id);
      expect((await share({ kind: "user", username })).state).toBe("pending");
    }
    expect(await offersOf(guest)).toHaveLength(1);
  });

  it("is listed after everything that was accepted", async () => {
    const [first, second] = [await hosting(), await hosting()];
    const guest = await first.guest("viewer");
    const offered = await second.share({ kind: "user", username: guest.username });
    expect((await offersOf(guest)).map(({ id }) => id)).toEqual([guest.shareId, offered.id]);
  });

  it("may be declined, and ends with that", async () => {
    const { share, list } = await hosting();
    const guest = await newNamed();
    const offered = await share({ kind: "user", username: guest.username });
    expect((await api("DELETE", `/api/v1/shares/${offered.id}`, { token: guest.token })).status).toBe(200);
    expect([await offersOf(guest), await list()]).toEqual([[], []]);
    expect((await api("DELETE", `/api/v1/shares/${offered.id}`, { token: guest.token })).status).toBe(404);
  });
});

describe("an invitation by mail", () => {
  const secretIn = (mail: { text: string }) => /#\/share\/(\S+)$/m.exec(mail.text)?.[1];

  it("goes out whoever has the address, and is good for that address alone, once it is verified", async () => {
    const { at, owner } = await hosting();
    const guest = await newNamed();
    const body = { kind: "email", email: guest.email.toUpperCase(), role: "driver" };
    const made = await mailing<ShareBody>("POST", `${at}/shares`, { token: owner.token, body });
    expect(made.body).toMatchObject({ email: guest.email.toUpperCase(), secret: null, url: null, state: "pending" });
    const mail = await lastMailTo(guest.email.toUpperCase());
    const secret = secretIn(mail);
    expect(secret).toMatch(/^dp_share_[A-Za-z0-9_-]{43}$/);
    expect((await accept(await newNamed(), secret)).body).toMatchObject({ status: 403, code: "forbidden" });
    await db.execute(sql`update users set is_verified = false where id = ${guest.id}`);
    expect((await accept(guest, secret)).body).toMatchObject({ status: 403, code: "email_not_verified" });
    await db.execute(sql`update users set is_verified = true where id = ${guest.id}`);
    expect((await accept(guest, secret)).body).toMatchObject({ role: "driver", state: "accepted" });
    const nobody = `nobody-${made.body.id}@example.com`;
    const toNobody = await mailing<ShareBody>("POST", `${at}/shares`, {
      token: owner.token,
      body: { ...body, email: nobody },
    });
    expect(toNobody.status).toBe(201);
    expect(await mailsTo(nobody)).toHaveLength(1);
  });

  it("says nothing its sender could have written but their name", async () => {
    const { at, owner, path: _path, create } = await hosting();
    const evil = (await create({ name: "http://evil.example" })).body;
    const email = `${crypto.randomUUID()}@example.com`;
    await mailing("POST", `${at.replace(/env_\w+/, evil.id)}/shares`, {
      token: owner.token,
      body: { kind: "email", email },
    });
    const mail = await lastMailTo(email);
    expect(mail.text + mail.html + mail.subject).not.toContain("evil");
  });

  it("is limited by the hour, and refused where no mail can be sent", async () => {
    const { at, owner } = await hosting();
    const body = { kind: "email", email: `${crypto.randomUUID()}@example.com` };
    const strict = newApi({ EMAIL_VERIFICATION: "true", LIMIT_MAILS_PER_ADDRESS_PER_HOUR: "2" } as never);
    const statuses = [];
    for (let n = 0; n < 3; n += 1)
      statuses.push((await strict("POST", `${at}/shares`, { token: owner.token, body })).status);
    expect(statuses).toEqual([201, 201, 429]);
  });
});

describe("a guest", () => {
  it("sees the environment and what they are, and nothing that is its owner's", async () => {
    const { create, owner, person, id: _id, ...rest } = await hosting();
    const { body } = await create({ description: "a note", environment_variables: { SECRET_WORD: "hush" } });
    const at = `/api/v1/environments/${body.id}`;
    await db.execute(sql`update environments set external_url = 'https://preview.example', last_accessed_at = now(),
      auto_stop_at = now(), phase = 'running' where id = ${body.id}`);
    const share = await api<ShareBody>("POST", `${at}/shares`, { token: owner.token, body: { kind: "link" } });
    const guest = await newNamed();
    await accept(guest, share.body.secret);
    const seen = await api<Body>("GET", at, { token: guest.token });
    expect(seen.body).toMatchObject({
      id: body.id,
      role: "viewer",
      owner: { id: owner.id },
      environment_variables: {},
      description: null,
      external_url: null,
      last_accessed: null,
      auto_stop_at: null,
    });
    const told = JSON.stringify([seen.body, await offersOf(guest)]);
    for (const own of ["SECRET_WORD", "hush", "a note", "preview.example"]) expect(told).not.toContain(own);
    expect((await api<Body>("GET", at, { token: owner.token })).body).toMatchObject({
      role: "owner",
      description: "a note",
    });
    expect(
      (await api<{ environments: unknown[] }>("GET", "/api/v1/environments", { token: guest.token })).body,
    ).toMatchObject({
      environments: [],
    });
    expect(rest.at).toContain("env_");
  });

  it("has the stronger of two roles, and the weaker one when that ends", async () => {
    const { share, at, revoke } = await hosting();
    const [watch, drive] = [await share({ kind: "link" }), await share({ kind: "link", role: "driver" })];
    const guest = await newNamed();
    await accept(guest, watch.secret);
    await accept(guest, drive.secret);
    const role = async () => (await api<Body>("GET", at, { token: guest.token })).body["role"];
    expect(await role()).toBe("driver");
    await revoke(drive.id);
    expect(await role()).toBe("viewer");
  });

  it("who leaves is out; a link lets them in again", async () => {
    const { share, at, list } = await hosting();
    const link = await share({ kind: "link" });
    const guest = await newNamed();
    await accept(guest, link.secret);
    expect((await api("DELETE", `/api/v1/shares/${link.id}`, { token: guest.token })).status).toBe(200);
    expect((await api("GET", at, { token: guest.token })).status).toBe(404);
    expect((await list())[0]).toMatchObject({ id: link.id, guests: [] });
    expect((await accept(guest, link.secret)).status).toBe(200);
  });
});

describe("sharing", () => {
  it("is limited to 50 shares that live, also when they are asked for at once", async () => {
    const { share, at, owner, revoke } = await hosting();
    const one = await share({ kind: "link" });
    await db.execute(sql`insert into shares (id, environment_id, created_by, kind, role, created_at, expires_at)
      select ${one.id} || n, environment_id, created_by, kind, role, now(), now() + interval '1 day'
      from shares, generate_series(1, 47) n where id = ${one.id}`);
    const ask = () => api<Problem>("POST", `${at}/shares`, { token: owner.token, body: { kind: "link" } });
    const statuses = (await Promise.all([ask(), ask(), ask(), ask()])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, 201, 403, 403]);
    await revoke(one.id);
    expect((await ask()).status).toBe(201);
  });

  it("has one effect under one Idempotency-Key, and its secret is the same", async () => {
    const { at, owner, list } = await hosting();
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const ask = () => api<ShareBody>("POST", `${at}/shares`, { token: owner.token, body: { kind: "link" }, headers });
    const [first, again] = [await ask(), await ask()];
    expect(again.body).toEqual(first.body);
    expect(await list()).toHaveLength(1);
  });

  it("is written down, by whom and what", async () => {
    const { share, at, id, owner, revoke } = await hosting();
    const link = await share({ kind: "link" });
    const guest = await newNamed();
    await accept(guest, link.secret);
    await api("PATCH", `${at}/shares/${link.id}`, { token: owner.token, body: { role: "driver" } });
    await api("DELETE", `/api/v1/shares/${link.id}`, { token: guest.token });
    await revoke(link.id);
    const rows = await vi.waitUntil(async () => {
      const written = await auditedAbout(id);
      return written.length >= 5 ? written : undefined;
    }, 10_000);
    expect(rows.map(({ action, actor_id }) => [action, actor_id])).toEqual([
      ["share.create", owner.id],
      ["share.accept", guest.id],
      ["share.change", owner.id],
      ["share.leave", guest.id],
      ["share.revoke", owner.id],
    ]);
    expect(JSON.stringify(rows)).not.toContain(String(link.secret));
  });

  it("ends with the environment, and is gone with its owner's account", async () => {
    const { share, at, owner } = await hosting();
    const link = await share({ kind: "link" });
    const guest = await newNamed();
    await accept(guest, link.secret);
    await api("DELETE", `${at}?force=true`, { token: owner.token });
    expect((await api("GET", at, { token: guest.token })).status).toBe(404);
    expect(await offersOf(guest)).toEqual([]);
    expect((await accept(await newNamed(), link.secret)).status).toBe(400);
    expect((await api("DELETE", "/api/v1/users/me", { token: owner.token, body: {} })).status).toBe(200);
    expect((await db.execute(sql`select id from shares where id = ${link.id}`)).rows).toEqual([]);
  });

  it("that is long over is forgotten by the sweep", async () => {
    const { share } = await hosting();
    const [old, live] = [await share({ kind: "link" }), await share({ kind: "link" })];
    await db.execute(sql`update shares set expires_at = now() - interval '40 days', closed_at = now() - interval '40 days'
      where id = ${old.id}`);
    await runCron();
    const { rows } = await db.execute(sql`select id from shares where id in (${old.id}, ${live.id})`);
    expect(rows).toEqual([{ id: live.id }]);
  });
});
