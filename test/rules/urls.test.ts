/**
 * Check 16 of the security list, for every field that takes a URL: none may lead into a network of ours or of the
 * person who looks at it. The server itself asks for none of them (test/workers/security/urls.test.ts).
 */
import { describe, expect, it } from "vitest";
import { publicUrlSchema } from "../../workers/rules/urls.ts";
import { hostileUrls } from "../support/hostile-urls.ts";

const takes = (url: string) => publicUrlSchema(500).safeParse(url).success;

describe("a URL that people give us", () => {
  it.each([
    "https://example.com",
    "https://example.com/",
    "https://cdn.example.co.uk/a/b.svg?size=2&x=%20#top",
    "https://lh3.googleusercontent.com/a/ACg8ocK=s96-c",
    "https://example.com:8443/icon.png",
    "https://example.com:443/icon.png",
    "https://EXAMPLE.com/Icon.png",
    "https://xn--bcher-kva.example/icon.png",
    "https://docs.python.org/3/",
    "https://my-local.example.com/",
    "https://localhost.example.com/",
    "https://10.example.com/",
  ])("may be %s", (url) => {
    expect(takes(url)).toBe(true);
  });

  it.each(hostileUrls)("may not be %j", (url) => {
    expect(takes(url)).toBe(false);
  });

  it("may not be longer than its field", () => {
    expect(takes(`https://example.com/${"a".repeat(500)}`)).toBe(false);
  });
});
