/** The device a request comes from: its address, and a cookie that makes it known to the accounts it signed in to. */
import { getCookie, setCookie } from "hono/cookie";
import type { Device } from "../domain/accounts/session-tokens.ts";
import { deviceCookieBytes, deviceCookieName, isDeviceCookie, knownDeviceSeconds } from "../rules/devices.ts";
import { base64url } from "../rules/secrets.ts";
import { addressOf } from "./client-address.ts";
import type { AppContext } from "./context.ts";

/** Only sign-in looks at the cookie; it is worth nothing anywhere else. */
const signInPath = "/api/v1/auth";

/** A device that shows no cookie of ours is given a fresh one, which nobody knows yet. */
export function deviceOf(c: AppContext): Device {
  const shown = getCookie(c, deviceCookieName);
  const cookie = isDeviceCookie(shown) ? shown : base64url(c.var.deps.randomBytes(deviceCookieBytes));
  return { address: addressOf(c), userAgent: c.req.header("user-agent") ?? null, cookie };
}

/** Leaves the cookie with a device that has just signed in. */
export function rememberDevice(c: AppContext, { cookie }: Device): void {
  if (cookie === null) return;
  const options = {
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    path: signInPath,
    maxAge: knownDeviceSeconds,
  } as const;
  setCookie(c, deviceCookieName, cookie, options);
}
