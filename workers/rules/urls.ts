/**
 * The one rule for URLs that people give us to show to others: pictures, icons, documentation. We never fetch them;
 * a browser does, so they may lead to nothing but a public host: no address, no name of a private network. Pure.
 */
import { z } from "zod";

/** The characters of RFC 3986, so that what is kept is what everybody reads: other scripts come as punycode. */
const writtenUrl = /^https:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;

/** Names that mean something inside a network only (RFC 6761, 6762, 7686, 8375, ICANN's `internal`, and customary ones). */
const privateDomain =
  /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|arpa|onion|invalid|localtest\.me|lvh\.me|vcap\.me)$/;
/** Public names that answer with whatever address they are made of. */
const addressInName = /(^|\.)(nip\.io|sslip\.io|xip\.io|traefik\.me|rbndr\.us)$/;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const maxHostLength = 253;

/** An https URL of a public host, without credentials; at most `maxLength` characters. */
export function publicUrlSchema(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .regex(writtenUrl, { message: "must be a https URL", abort: true })
    .refine(isPublicUrl, "must be a URL of a public host, without credentials")
    .meta({ format: "uri", examples: ["https://example.com/icon.svg"] });
}

/** Whether a URL names a public host by name and nothing else that a client would act on. */
export function isPublicUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !writtenUrl.test(text)) return false;
  const authority = /^https:\/\/([^/?#]*)/.exec(text)?.[1] ?? "";
  // `https:///host` and encoded hosts are read differently by different readers.
  const isPlain = authority.toLowerCase() === url.host || authority.toLowerCase() === `${url.hostname}:443`;
  return isPlain && isPublicHost(url.hostname);
}

/** The URL parser has already turned every spelling of an IPv4 address into four numbers. */
function isPublicHost(host: string): boolean {
  const labels = host.split(".");
  const isName = labels.length >= 2 && labels.every((part) => label.test(part)) && /[a-z]/.test(labels.at(-1) ?? "");
  return isName && host.length <= maxHostLength && !privateDomain.test(host) && !addressInName.test(host);
}
