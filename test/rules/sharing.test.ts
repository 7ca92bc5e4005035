import { describe, expect, it } from "vitest";
import { roles } from "../../durable-objects/protocol/vocabulary.ts";
import { type Deed, isInvited, mayDo, shareBounds, shareEnd } from "../../workers/rules/sharing.ts";

const now = new Date("2026-11-25T12:00:00Z");
const deeds: Deed[] = ["look", "watch", "read_logs", "type", "manage"];

describe("a role", () => {
  it.each([
    ["owner", deeds],
    ["driver", ["look", "watch", "read_logs", "type"]],
    ["viewer", ["look", "watch", "read_logs"]],
  ] as const)("%s may do this and nothing else", (role, allowed) => {
    expect(deeds.filter((deed) => mayDo(role, deed))).toEqual(allowed);
  });

  it("to manage is nobody's but the owner's", () => {
    expect(roles.filter((role) => mayDo(role, "manage"))).toEqual(["owner"]);
  });
});

describe("a share", () => {
  it("lives for a week unless asked otherwise", () => {
    expect(shareEnd(now, undefined).toISOString()).toBe("2026-12-02T12:00:00.000Z");
    expect(shareEnd(now, shareBounds.minSeconds).toISOString()).toBe("2026-11-25T12:05:00.000Z");
  });

  it("is for the address that was typed, in any case, and for no other", () => {
    expect(isInvited("Ada@Example.com", { email: "ada@example.com" })).toBe(true);
    expect(isInvited("ada@example.org", { email: "ada@example.com" })).toBe(false);
    expect(isInvited(null, { email: "ada@example.com" })).toBe(false);
  });
});
