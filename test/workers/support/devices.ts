/** Signing in from one device or another. */
import { type Answer, call } from "./api.ts";

/** The cookie that an answer leaves with its device, as a device sends it back. */
export function deviceCookie(answer: Answer): string | undefined {
  return answer.headers.get("set-cookie")?.split(";")[0];
}

export function signIn(
  json: unknown,
  { address, cookie }: { address?: string; cookie?: string | undefined } = {},
): Promise<Answer> {
  return call("POST /api/v1/auth/login", { json, address, headers: cookie === undefined ? {} : { cookie } });
}
