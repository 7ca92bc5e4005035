/** Check 12: an id token that is not the provider's, not for us, not now, or not of a verified address, opens nothing. */
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { expect, it } from "vitest";
import { call } from "../support/api.ts";
import { googleConfig, idTokenOf, newGooglePerson } from "../support/google.ts";

const now = () => Math.floor(Date.now() / 1000);
const signIn = (id_token: string) => call("POST /api/v1/auth/google", { json: { id_token } });

async function publicKey(kty: string): Promise<Record<string, string>> {
  const answer = await fetch(googleConfig().jwksUrl);
  const { keys } = await answer.json<{ keys: Record<string, string>[] }>();
  return keys.find((key) => key["kty"] === kty) ?? {};
}

/** A token of the right claims that the provider did not sign. */
function unsigned() {
  const { issuer, clientId } = googleConfig();
  return { iss: issuer, aud: clientId, email_verified: true, iat: now(), exp: now() + 3600, ...newGooglePerson() };
}

const forgeries: Record<string, () => Promise<string>> = {
  "another issuer": () => idTokenOf(newGooglePerson({ iss: "https://evil.example" })),
  "an issuer that begins like ours": () => idTokenOf(newGooglePerson({ iss: `${googleConfig().issuer}.evil.example` })),
  "no issuer": () => idTokenOf(newGooglePerson({ iss: undefined })),
  "another audience": () => idTokenOf(newGooglePerson({ aud: "another-client.example" })),
  "several audiences, given to another": () =>
    idTokenOf(
      newGooglePerson({ aud: [googleConfig().clientId, "another-client.example"], azp: "another-client.example" }),
    ),
  "no audience": () => idTokenOf(newGooglePerson({ aud: undefined })),
  "an end in the past": () => idTokenOf(newGooglePerson({ iat: now() - 7200, exp: now() - 60 })),
  "no end": () => idTokenOf(newGooglePerson({ exp: undefined })),
  "a beginning in the future": () => idTokenOf(newGooglePerson({ nbf: now() + 600 })),
  "a date in the future": () => idTokenOf(newGooglePerson({ iat: now() + 600 })),
  "an old date and a far end": () => idTokenOf(newGooglePerson({ iat: now() - 90_000, exp: now() + 3600 })),
  "no subject": () => idTokenOf(newGooglePerson({ sub: undefined })),
  "a subject of control characters": () => idTokenOf(newGooglePerson({ sub: "a\u0000b" })),
  "another key under a known id": async () => {
    const { privateKey } = await generateKeyPair("RS256");
    return new SignJWT(unsigned()).setProtectedHeader({ alg: "RS256", kid: "issuer-RS256" }).sign(privateKey);
  },
  "an unknown key": async () => {
    const { privateKey } = await generateKeyPair("ES256");
    return new SignJWT(unsigned()).setProtectedHeader({ alg: "ES256", kid: "unknown" }).sign(privateKey);
  },
  "a key that it brings along": async () => {
    const { privateKey, publicKey: own } = await generateKeyPair("ES256");
    const jwk = await exportJWK(own);
    return new SignJWT(unsigned()).setProtectedHeader({ alg: "ES256", kid: "issuer-ES256", jwk }).sign(privateKey);
  },
  "no signature": async () => new UnsecuredJWT(unsigned()).encode(),
  "an HMAC with the public key": async () => {
    const secret = new TextEncoder().encode((await publicKey("RSA"))["n"]);
    return new SignJWT(unsigned()).setProtectedHeader({ alg: "HS256", kid: "issuer-RS256" }).sign(secret);
  },
  "a changed claim": async () => {
    const [head, , signature] = (await idTokenOf(newGooglePerson())).split(".");
    return [head, btoa(JSON.stringify(unsigned())).replace(/=+$/, ""), signature].join(".");
  },
  "a token of our own": async () => {
    const { body } = await signIn(await idTokenOf(newGooglePerson()));
    return String(body["access_token"]);
  },
  "a word": async () => "x",
  "nothing between the dots": async () => "..",
};

it.each(Object.entries(forgeries))("a token with %s is a 401", async (_, forge) => {
  const { status, body, headers } = await signIn(await forge());
  expect([status, body["code"]]).toEqual([401, "invalid_google_token"]);
  expect(headers.get("www-authenticate")).toBe("Bearer");
});

it.each([false, "false", "no", null, undefined])(
  "an address of which verified is %j opens nothing",
  async (verified) => {
    const { status, body } = await signIn(await idTokenOf(newGooglePerson({ email_verified: verified })));
    expect([status, body["code"]]).toEqual([403, "google_email_not_verified"]);
  },
);

it.each([undefined, "", "nobody", "a\u0000@example.com", `${"a".repeat(300)}@example.com`])(
  "%j as an address opens nothing",
  async (email) => {
    const { status, body } = await signIn(await idTokenOf(newGooglePerson({ email })));
    expect([status, body["code"]]).toEqual([403, "google_email_not_verified"]);
  },
);

it("a name of any kind is kept harmless", async () => {
  for (const name of ["a\u0000b\u202e", 7, "x".repeat(500), " ", ["a"]]) {
    const { status, body } = await signIn(await idTokenOf(newGooglePerson({ name })));
    expect(status).toBe(200);
    const { full_name } = body["user"] as { full_name: string | null };
    expect(full_name ?? "").toMatch(/^[a-zx]{0,100}$/);
  }
});
