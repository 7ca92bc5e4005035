/** Begins sessions: the row to insert and the two tokens that go with it. */
import { deviceHashes } from "../../rules/devices.ts";
import { base64url } from "../../rules/secrets.ts";
import { hashOf, signToken, type TokenPair } from "../../rules/tokens.ts";
import type { NewSession } from "../../store/sessions.ts";
import type { Deps } from "../deps.ts";

/** Where a session was begun from. */
export interface Device {
  address: string;
  userAgent: string | null;
  /** The value of our cookie, which the answer of a sign-in sets; null where there is no browser or app. */
  cookie: string | null;
}

const jtiBytes = 24;
const maxUserAgentLength = 255;

/** A session to insert and its tokens; nothing is written here. */
export async function newSession(
  deps: Deps,
  userId: string,
  device: Device,
): Promise<{ session: NewSession; tokens: TokenPair }> {
  const { tokens: config } = deps.config;
  const now = deps.now();
  const sessionId = deps.newId("ses");
  const jti = newJti(deps);
  const refreshIssuedAt = wholeSecond(now);
  const refreshExpiresAt = later(refreshIssuedAt, Math.min(config.refreshSeconds, config.sessionSeconds));
  const session = {
    id: sessionId,
    userId,
    refreshJtiHash: hashOf(jti),
    refreshIssuedAt,
    refreshExpiresAt,
    absoluteExpiresAt: later(refreshIssuedAt, config.sessionSeconds),
    userAgent: device.userAgent?.slice(0, maxUserAgentLength).toWellFormed() ?? null,
    address: device.address,
    deviceHashes: deviceHashes(device),
    createdAt: now,
  };
  const claims = { userId, sessionId, jti, issuedAt: refreshIssuedAt, expiresAt: refreshExpiresAt };
  return { session, tokens: await tokenPair(deps, claims) };
}

/** A fresh access token beside the refresh token with these claims. */
export async function tokenPair(
  deps: Deps,
  refresh: { userId: string; sessionId: string; jti: string; issuedAt: Date; expiresAt: Date },
): Promise<TokenPair> {
  const { tokens: config } = deps.config;
  const issuedAt = wholeSecond(deps.now());
  const access = { ...refresh, jti: newJti(deps), issuedAt, expiresAt: later(issuedAt, config.accessSeconds) };
  const [access_token, refresh_token] = await Promise.all([
    signToken(config, "access", access),
    signToken(config, "refresh", refresh),
  ]);
  return { access_token, refresh_token, token_type: "bearer", expires_in: config.accessSeconds };
}

function newJti(deps: Deps): string {
  return base64url(deps.randomBytes(jtiBytes));
}

function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}

function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
