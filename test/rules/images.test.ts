import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageSchema } from "../../workers/rules/images.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("an image reference", () => {
  it.each([
    "golang",
    "python:3.12",
    "buildpack-deps:22.04",
    "library/node:22-bookworm",
    "ghcr.io/team/my_image:v1.2.3",
    "registry.example.com:5000/a/b__c/d-e:Tag_1",
    "localhost:5000/image",
    "registry:5000/image",
    `alpine@${digest}`,
    `quay.io/team/image:1@${digest}`,
    "Registry.Example.com/image",
  ])("may be %s", (image) => {
    expect(imageSchema.safeParse(image).success).toBe(true);
  });

  it.each([
    "",
    " ",
    "-rm",
    "--privileged",
    ":3.12",
    "python:",
    "python:-x",
    "Python:3.12",
    "python:3.12 --privileged",
    "python;reboot",
    "python$(id)",
    "python`id`",
    "python|sh",
    "python&&sh",
    "python>x",
    "python'x",
    'python"x',
    "python\\x",
    "python*",
    "python?",
    "python#{pane_pid}",
    "python#(id)",
    "python%n",
    "python\n",
    "python\nFROM x",
    "python\r",
    "python\0",
    "python\t",
    "pythön",
    "ｐython",
    "../python",
    "a/../b",
    "/etc/passwd",
    "a//b",
    "a/",
    ".a",
    "a.",
    "a..b",
    "a___b",
    "https://registry.example.com/image",
    "user@registry.example.com/image",
    "registry.example.com:port/image",
    "registry.example.com:123456/image",
    "-registry.example.com/image",
    "alpine@sha256:abc",
    `alpine@md5:${"a".repeat(64)}`,
    `alpine@${digest.toUpperCase()}`,
    `alpine:${"a".repeat(129)}`,
    "a".repeat(401),
  ])("may not be %j", (image) => {
    expect(imageSchema.safeParse(image).success).toBe(false);
  });

  it("holds nothing but names and their separators, whatever is accepted", () => {
    const parts = fc.constantFrom("a", "B", "1", "-", ".", "_", "/", ":", "@", " ", ";", "$", "\n", "\0", "é", digest);
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (some) => {
        const image = some.join("");
        if (imageSchema.safeParse(image).success) expect(image).toMatch(/^[A-Za-z0-9][A-Za-z0-9._\-/:@]*$/);
      }),
      { numRuns: 2000 },
    );
  });

  it("is decided at once, however it repeats itself", () => {
    for (const hostile of ["a-".repeat(200), "a.".repeat(200), `${"a/".repeat(199)}!`, `${"a-a.".repeat(99)}/!`])
      expect(imageSchema.safeParse(hostile).success).toBe(false);
  });
});
