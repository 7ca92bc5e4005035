/**
 * Secrets at rest (environment variables, answers that hold tokens): AES-256-GCM, written `keyId.iv.ciphertext` with
 * the last two in base64url. The id of what they belong to is authenticated with them, so a sealed text cannot be
 * moved to another row. The first key seals, every key opens: rotation is a new first key. Nothing here logs.
 */

export interface SealingKey {
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Variables = Record<string, string>;
export type NotOpened = { readonly ok: false; readonly reason: "unknown_key" | "not_authentic" };
export type Opened = { readonly ok: true; readonly variables: Variables } | NotOpened;
export type OpenedText = { readonly ok: true; readonly text: string } | NotOpened;

export const ivBytes = 12;
const imported = new WeakMap<Uint8Array, Promise<CryptoKey>>();

/** Seals an environment's variables as `sealText` does. */
export function sealVariables(
  keys: readonly SealingKey[],
  environmentId: string,
  variables: Readonly<Variables>,
  iv: Uint8Array<ArrayBuffer>,
): Promise<string> {
  return sealText(keys, environmentId, JSON.stringify(variables), iv);
}

/** Opens what `sealVariables` wrote for the same environment, with whichever key it names. */
export async function openVariables(keys: readonly SealingKey[], environmentId: string, text: string): Promise<Opened> {
  const opened = await openText(keys, environmentId, text);
  return opened.ok ? { ok: true, variables: JSON.parse(opened.text) as Variables } : opened;
}

/** Seals with the first key. `iv` is 12 random bytes, used for this text and never again. */
export async function sealText(
  keys: readonly SealingKey[],
  ownerId: string,
  text: string,
  iv: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const [key] = keys;
  if (key === undefined || iv.byteLength !== ivBytes) throw new Error("sealing needs a key and an iv of 12 bytes");
  const sealed = await crypto.subtle.encrypt(algorithm(ownerId, iv), await importKey(key), encode(text));
  return [key.id, toBase64url(iv), toBase64url(new Uint8Array(sealed))].join(".");
}

/** Opens what `sealText` wrote for the same owner, with whichever key it names. */
export async function openText(keys: readonly SealingKey[], ownerId: string, text: string): Promise<OpenedText> {
  const [keyId, iv = "", sealed = ""] = text.split(".");
  const key = keys.find((candidate) => candidate.id === keyId);
  if (key === undefined) return { ok: false, reason: "unknown_key" };
  try {
    const options = algorithm(ownerId, fromBase64url(iv));
    const plain = await crypto.subtle.decrypt(options, await importKey(key), fromBase64url(sealed));
    return { ok: true, text: new TextDecoder().decode(plain) };
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return { ok: false, reason: "not_authentic" };
  }
}

function algorithm(ownerId: string, iv: Uint8Array<ArrayBuffer>) {
  return { name: "AES-GCM", iv, additionalData: encode(ownerId) };
}

function importKey(key: SealingKey): Promise<CryptoKey> {
  const known = imported.get(key.bytes);
  if (known !== undefined) return known;
  const made = crypto.subtle.importKey("raw", key.bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  imported.set(key.bytes, made);
  return made;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

function toBase64url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
