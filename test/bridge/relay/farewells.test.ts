import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Farewells } from "../../../bridge/relay/farewells.ts";

describe("farewells", () => {
  const gone: string[] = [];
  let farewells: Farewells;
  const leave = (name: string) => farewells.begin(name, () => gone.push(name));

  beforeEach(() => {
    vi.useFakeTimers();
    gone.length = 0;
    farewells = new Farewells(1_000);
  });
  afterEach(() => vi.useRealTimers());

  it("give up what nobody needed again, once, however often it is said", () => {
    leave("a");
    vi.advanceTimersByTime(900);
    leave("a");
    vi.advanceTimersByTime(100);
    expect(gone).toEqual(["a"]);
    vi.advanceTimersByTime(5_000);
    expect(gone).toEqual(["a"]);
  });

  it("keep what is needed again, and count anew when it is not", () => {
    leave("a");
    leave("b");
    farewells.cancel("a");
    vi.advanceTimersByTime(1_000);
    expect(gone).toEqual(["b"]);
    leave("a");
    vi.advanceTimersByTime(999);
    expect(gone).toEqual(["b"]);
    farewells.cancelAll();
    vi.advanceTimersByTime(5_000);
    expect(gone).toEqual(["b"]);
  });
});
