/** What is counted for whom: addresses as keys, and the counter in memory. */
import { describe, expect, it } from "vitest";
import { limitKeyOf } from "../../../workers/rules/addresses.ts";
import { newAttemptCounter } from "../../../workers/rules/attempt-counter.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 23, 8, 0, seconds));

describe("an address counts", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["unknown", "unknown"],
  ])("%s as %s", (address, key) => {
    expect(limitKeyOf(address)).toBe(key);
  });
});

describe("the counter in memory", () => {
  it("allows so many a minute and says when the minute ends", () => {
    const counter = newAttemptCounter();
    expect(counter.take("a", 2, at(0)).isAllowed).toBe(true);
    expect(counter.take("a", 2, at(10)).isAllowed).toBe(true);
    expect(counter.take("a", 2, at(20))).toEqual({ isAllowed: false, resetAtMs: at(60).getTime() });
    expect(counter.take("b", 2, at(20)).isAllowed).toBe(true);
    expect(counter.take("a", 2, at(60)).isAllowed).toBe(true);
  });

  it("takes an attempt back", () => {
    const counter = newAttemptCounter();
    counter.take("a", 1, at(0));
    counter.giveBack("a");
    counter.giveBack("never counted");
    expect(counter.take("a", 1, at(1)).isAllowed).toBe(true);
  });

  it("forgets the oldest key, not the newest, when it is full", () => {
    const counter = newAttemptCounter();
    for (let key = 0; key <= 10_000; key += 1) counter.take(String(key), 1, at(0));
    expect(counter.take("10000", 1, at(1)).isAllowed).toBe(false);
    expect(counter.take("0", 1, at(1)).isAllowed).toBe(true);
  });
});
