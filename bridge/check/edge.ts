/** Whether the server is there, is one, and knows our token. */
import { bridgePaths, desiredListSchema } from "../../durable-objects/protocol/bridge-api.ts";
import { clockFinding, type Finding, fail, ok, warn } from "./finding.ts";

const deadlineMs = 10_000;

const networkWords: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known to DNS",
  EAI_AGAIN: "its name cannot be resolved: DNS does not answer",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  CERT_HAS_EXPIRED: "its certificate has expired, or this machine's clock is wrong",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by nobody this machine trusts",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by nobody this machine trusts",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by nobody this machine trusts",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

export async function* checkEdge(url: string, token: string, now: () => Date): AsyncGenerator<Finding> {
  if (url.startsWith("http:") && !/^http:\/\/(localhost|127\.0\.0\.1)\b/.test(url)) {
    yield warn("server", `${url} is not encrypted: the token can be read on the way`);
  }
  const response = await ask(url, token);
  if (!(response instanceof Response)) {
    yield fail("server", `${url} cannot be reached: ${response.why} (DEVPOCKET_URL)`);
    return;
  }
  yield* readAnswer(url, response);
  yield clockFinding("the server", response.headers.get("date"), now());
}

async function* readAnswer(url: string, response: Response): AsyncGenerator<Finding> {
  const list = response.ok ? desiredListSchema.safeParse(await response.json().catch(() => null)) : null;
  if (response.status === 401) {
    yield ok("server", `${url} answers`);
    yield fail("token", "the server does not know BRIDGE_TOKEN: it was revoked, or is of another server");
  } else if (list?.success === true) {
    yield ok("server", `${url} answers`);
    yield ok("token", `speaks for a cluster with ${list.data.environments.length} environments`);
  } else if (response.status >= 500) {
    yield fail("server", `${url} answers ${response.status}: it is ill; see its own /health/ready`);
  } else {
    yield fail(
      "server",
      `${url} answers ${response.status}, as no DevPocket server of this version does (DEVPOCKET_URL)`,
    );
  }
}

async function ask(url: string, token: string): Promise<Response | { why: string }> {
  try {
    return await fetch(new URL(bridgePaths.desired, url), {
      headers: { authorization: `Bearer ${token}` },
      redirect: "manual",
      signal: AbortSignal.timeout(deadlineMs),
    });
  } catch (error) {
    if (error instanceof DOMException) return { why: `it does not answer within ${deadlineMs / 1000} s` };
    const code = codeOf(error);
    return { why: networkWords[code] ?? `the connection fails (${code})` };
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "no reason given";
}
