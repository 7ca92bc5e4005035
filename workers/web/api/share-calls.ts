/** The calls about sharing by name. Each throws `Failed`; the caller shows what `explain` says. */
import { type Client, parseAnswer } from "./client.ts";
import {
  newShareSchema,
  type Offer,
  offerListSchema,
  offerSchema,
  type Share,
  shareListSchema,
} from "./share-model.ts";

export interface NewShare {
  kind: Share["kind"];
  /** A user name or an e-mail address; nobody for a link. */
  addressee: string;
  role: Share["role"];
  expiresInSeconds: number;
}

export interface ShareCalls {
  shares(environmentId: string): Promise<Share[]>;
  /** Answers the address of a link, which is told this once; null for the other kinds. */
  share(environmentId: string, share: NewShare): Promise<string | null>;
  changeShare(environmentId: string, shareId: string, role: Share["role"]): Promise<void>;
  revokeShare(environmentId: string, shareId: string): Promise<void>;
  /** Takes one guest out, who cannot accept the same share again. */
  removeGuest(environmentId: string, shareId: string, userId: string): Promise<void>;
  offers(): Promise<Offer[]>;
  /** What a link or a mail holds. */
  acceptSecret(secret: string): Promise<Offer>;
  acceptOffer(id: string): Promise<Offer>;
  leaveShare(id: string): Promise<void>;
}

export function createShareCalls({ request }: Client): ShareCalls {
  const at = (environmentId: string) => `/environments/${environmentId}/shares`;
  return {
    async shares(environmentId) {
      return parseAnswer(shareListSchema, await request({ method: "GET", path: at(environmentId) })).shares;
    },
    async share(environmentId, { kind, addressee, role, expiresInSeconds }) {
      const whom = { user: { username: addressee }, email: { email: addressee }, link: {} }[kind];
      const body = { kind, ...whom, role, expires_in_seconds: expiresInSeconds };
      const answer = await request({ method: "POST", path: at(environmentId), body });
      return parseAnswer(newShareSchema, answer).url ?? null;
    },
    async changeShare(environmentId, shareId, role) {
      await request({ method: "PATCH", path: `${at(environmentId)}/${shareId}`, body: { role } });
    },
    async revokeShare(environmentId, shareId) {
      await request({ method: "DELETE", path: `${at(environmentId)}/${shareId}` });
    },
    async removeGuest(environmentId, shareId, userId) {
      await request({ method: "DELETE", path: `${at(environmentId)}/${shareId}/guests/${userId}` });
    },
    async offers() {
      return parseAnswer(offerListSchema, await request({ method: "GET", path: "/shares" })).shares;
    },
    async acceptSecret(secret) {
      return parseAnswer(offerSchema, await request({ method: "POST", path: "/shares/accept", body: { secret } }));
    },
    async acceptOffer(id) {
      return parseAnswer(offerSchema, await request({ method: "POST", path: `/shares/${id}/accept`, body: {} }));
    },
    async leaveShare(id) {
      await request({ method: "DELETE", path: `/shares/${id}` });
    },
  };
}
