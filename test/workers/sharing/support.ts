/** A person with a running environment, guests of it, and what they are offered. */
import { sql } from "drizzle-orm";
import { expect } from "vitest";
import { api, db, newPerson, type Person, type Problem } from "../environments/world.ts";
import { running } from "../support/sockets.ts";

export type Body = Record<string, unknown>;

export interface ShareBody {
  id: string;
  kind: string;
  role: string;
  username: string | null;
  email: string | null;
  state: string;
  expires_at: string;
  guests: { id: string; username: string }[];
  secret?: string | null;
  url?: string | null;
}

export interface OfferBody {
  id: string;
  role: string;
  state: string;
  owner: { id: string; username: string };
  environment: { id: string; name: string; status: string };
}

export interface Named extends Person {
  username: string;
  email: string;
}

export async function newNamed(): Promise<Named> {
  const person = await newPerson();
  const { rows } = await db.execute<{ username: string; email: string }>(
    sql`select username, email from users where id = ${person.id}`,
  );
  return { ...person, username: String(rows[0]?.username), email: String(rows[0]?.email) };
}

/** Somebody's environment that runs, and how they share it. */
export async function hosting() {
  const world = await running();
  const at = `/api/v1/environments/${world.id}`;
  const owner = world.person;
  const share = async (body: Body): Promise<ShareBody> => {
    const answer = await api<ShareBody>("POST", `${at}/shares`, { token: owner.token, body });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  };
  const list = async () =>
    (await api<{ shares: ShareBody[] }>("GET", `${at}/shares`, { token: owner.token })).body.shares;
  const revoke = (id: string) => api<Body>("DELETE", `${at}/shares/${id}`, { token: owner.token });
  /** Somebody who has accepted a link with this role. */
  const guest = async (role: "viewer" | "driver" = "viewer") => {
    const link = await share({ kind: "link", role });
    const person = await newNamed();
    expect((await accept(person, link.secret)).status).toBe(200);
    return { ...person, shareId: link.id };
  };
  return { ...world, owner, at, share, list, revoke, guest };
}

export function accept({ token }: { token: string }, secret: unknown) {
  return api<OfferBody & Problem>("POST", "/api/v1/shares/accept", { token, body: { secret } });
}

export async function offersOf({ token }: { token: string }): Promise<OfferBody[]> {
  return (await api<{ shares: OfferBody[] }>("GET", "/api/v1/shares", { token })).body.shares;
}
