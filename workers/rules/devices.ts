/** Devices as accounts know them: by a cookie of ours or by the address they sign in from. Only hashes are kept. */
import { limitKeyOf } from "./addresses.ts";
import { hashOf } from "./tokens.ts";

export const deviceCookieName = "dp_device";
/** How long a device is known after somebody last signed in from it. */
export const knownDeviceSeconds = 30 * 86_400;
export const deviceCookieBytes = 24;
/** What stands for an address where nobody tells one; it is everybody's and so nobody's device. */
export const unknownAddress = "unknown";

const deviceCookiePattern = /^[A-Za-z0-9_-]{32}$/;

/** Whether a cookie's value could be one of ours. */
export function isDeviceCookie(value: string | undefined): value is string {
  return value !== undefined && deviceCookiePattern.test(value);
}

/** What a device is known by, the surest first. An IPv6 address counts by its /64, as in limits. */
export function deviceHashes(device: { address: string; cookie: string | null }): string[] {
  const byCookie = device.cookie === null ? [] : [hashOf(`cookie:${device.cookie}`)];
  const byAddress = device.address === unknownAddress ? [] : [hashOf(`address:${limitKeyOf(device.address)}`)];
  return [...byCookie, ...byAddress];
}
