/** Use cases of a guest: accept what was offered, see what is shared with them, leave. */
import { Failed } from "../../rules/failures.ts";
import { phaseAt } from "../../rules/lifecycle.ts";
import type { Principal } from "../../rules/principal.ts";
import { isSecret } from "../../rules/secrets.ts";
import { isInvited, shareBounds } from "../../rules/sharing.ts";
import { hashOf } from "../../rules/tokens.ts";
import { addGuest, findOffer, leaveShare, listOffers, type Offer } from "../../store/sharing/guests.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { orLog, showOut } from "./access.ts";

export type { Offer };

const maxListed = 200;

/**
 * Accepts what a link or a mail holds; again for who has accepted it already. Fails as `invalid_code` for a secret that
 * was never given out, is revoked or expired, as `forbidden` for an invitation of another address and for one's own
 * environment, as `email_not_verified`, and as `limit_reached` for a link that enough people hold.
 */
export async function acceptBySecret(deps: Deps, guest: Principal, secret: string): Promise<Offer> {
  const text = secret.trim();
  const offer = isSecret("share", text)
    ? await findOffer(deps.db, { secretHash: hashOf(text) }, guest.userId, deps.now())
    : null;
  if (offer === null) throw new Failed({ kind: "invalid_code" });
  if (offer.kind === "email") requireAddress(guest, offer);
  return accept(deps, guest, offer, { kind: "invalid_code" });
}

/** Accepts what was offered to one's user name. Fails as `not_found`. */
export async function acceptById(deps: Deps, guest: Principal, shareId: string): Promise<Offer> {
  const offer = await findOffer(deps.db, { id: shareId }, guest.userId, deps.now());
  if (offer?.granteeId !== guest.userId) throw new Failed({ kind: "not_found", what: "share" });
  return accept(deps, guest, offer, { kind: "not_found", what: "share" });
}

/** A mail may be passed on: what counts is whose address it went to. */
function requireAddress({ account }: Principal, offer: Offer): void {
  if (!isInvited(offer.addressee, account)) {
    throw new Failed({
      kind: "forbidden",
      detail: "This invitation is for another e-mail address: sign in with that one",
    });
  }
  if (!account.isVerified) throw new Failed({ kind: "email_not_verified" });
}

/** `gone`: what it fails as when the share has ended since it was found. */
async function accept(
  deps: Deps,
  guest: Principal,
  offer: Offer,
  gone: { kind: "invalid_code" } | { kind: "not_found"; what: "share" },
): Promise<Offer> {
  if (offer.owner.id === guest.userId) {
    throw new Failed({ kind: "forbidden", detail: "This environment is yours already" });
  }
  if (offer.acceptedAt !== null) return offer;
  const acceptedAt = deps.now();
  const maxGuests = offer.kind === "link" ? shareBounds.maxGuestsPerShare : 1;
  const isAdded = await addGuest(deps.db, { shareId: offer.id, userId: guest.userId, now: acceptedAt, maxGuests });
  if (!isAdded) {
    const isLive = (await findOffer(deps.db, { id: offer.id }, guest.userId, deps.now())) !== null;
    throw new Failed(isLive ? { kind: "limit_reached", what: "guests", limit: maxGuests } : gone);
  }
  const { id: share, kind, role, environment } = offer;
  audit(deps, { ...about(guest, environment.id), action: "share.accept", detail: { share, kind, role } });
  deps.log("info", "share accepted", { environment_id: environment.id, user_id: guest.userId, kind, role });
  return { ...offer, acceptedAt };
}

/** Everything that is shared with somebody, then what was offered to their name, each newest first, as it stands now. */
export async function readOffers(deps: Deps, guest: Principal): Promise<Offer[]> {
  const now = deps.now();
  const offers = await listOffers(deps.db, guest.userId, now, maxListed);
  return offers.map((offer) => ({ ...offer, environment: phaseAt(offer.environment, now) }));
}

/** Leaves or declines a share. One's own sockets at the environment close. Fails as `not_found`. */
export async function leaveOffer(deps: Deps, guest: Principal, shareId: string): Promise<void> {
  const left = await leaveShare(deps.db, { shareId, userId: guest.userId, now: deps.now() });
  if (left === null) throw new Failed({ kind: "not_found", what: "share" });
  const { environmentId } = left;
  audit(deps, { ...about(guest, environmentId), action: "share.leave", detail: { share: shareId } });
  deps.waitUntil(orLog(deps, environmentId, showOut(deps, environmentId, [guest.userId])));
}

function about(actor: Principal, environmentId: string) {
  return { actor, target: { kind: "environment", id: environmentId } } as const;
}
