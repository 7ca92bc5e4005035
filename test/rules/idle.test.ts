/** When a running environment stops by itself, and that nobody is stopped unwarned, unheard or while at it. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AutoStopFacts, autoStop } from "../../workers/rules/idle.ts";
import { stoppedWords, warningOf } from "../../workers/rules/idle-words.ts";

const minute = 60;
const hour = 3600;
const start = new Date("2026-03-10T12:00:00Z");
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const secondsOf = (time: Date) => (time.getTime() - start.getTime()) / 1000;

const free: AutoStopFacts = {
  phase: "running",
  phaseSince: start,
  attendedAt: null,
  workedAt: null,
  heardAt: null,
  autoStopAt: null,
  idleSeconds: 15 * minute,
  unattendedSeconds: 2 * hour,
  runningSecondsPerMonth: null,
  runningSeconds: 0,
  runningEnvironments: 1,
  planChangedAt: null,
};

interface Seen {
  /** In which minutes somebody attended, something worked and the bridge was heard. */
  attends: (atMinute: number) => boolean;
  works: (atMinute: number) => boolean;
  isHeard: (atMinute: number) => boolean;
}
const never = () => false;
const quiet: Seen = { attends: never, works: never, isHeard: () => true };

/** Lives through minutes as the sweep does: telemetry, then a decision. Ends with the stop, or after `minutes`. */
function live(plan: Partial<AutoStopFacts>, seen: Partial<Seen>, minutes: number) {
  const { attends, works, isHeard } = { ...quiet, ...seen };
  let facts: AutoStopFacts = { ...free, ...plan };
  const warnings: (Date | null)[] = [];
  let warnedAt: Date | null = null;
  for (let count = 1; count <= minutes; count += 1) {
    const now = at(count * minute);
    if (isHeard(count)) {
      const attendedAt = attends(count) ? now : facts.attendedAt;
      facts = { ...facts, heardAt: now, attendedAt, workedAt: works(count) ? now : facts.workedAt };
    }
    const next = autoStop(facts, now);
    if (next.kind === "stops") return { facts, warnings, warnedAt, stoppedAt: secondsOf(now), reason: next.reason };
    const autoStopAt = next.kind === "warned" ? next.at : null;
    if (autoStopAt?.getTime() !== facts.autoStopAt?.getTime()) warnings.push(autoStopAt);
    warnedAt = autoStopAt === null ? null : (warnedAt ?? now);
    facts = { ...facts, autoStopAt };
  }
  return { facts, warnings, warnedAt, stoppedAt: null, reason: null };
}

const scene = fc.record({
  idle: fc.integer({ min: 5, max: 90 }),
  unattended: fc.integer({ min: 1, max: 200 }),
  attended: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 12 }),
  worked: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 80 }),
  unheard: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 60 }),
});

describe("an environment in which nothing happens", () => {
  it("is announced 5 minutes before, and stops as idle after the plan's time", () => {
    const { warnings, stoppedAt, reason } = live({}, {}, 60);
    expect([stoppedAt, reason]).toEqual([15 * minute, "idle_stopped"]);
    expect(warnings).toEqual([at(15 * minute)]);
  });

  it("runs for ever on a plan that does not stop", () => {
    expect(live({ idleSeconds: null }, {}, 3000).stoppedAt).toBeNull();
  });

  it("is left alone while it is being installed", () => {
    expect(live({ phase: "installing" }, {}, 300).stoppedAt).toBeNull();
  });

  it("is not judged while its bridge is silent, and its warning is taken back", () => {
    expect(live({}, { isHeard: never }, 600).stoppedAt).toBeNull();
    const lost = live({}, { isHeard: (count) => count <= 12 }, 600);
    expect([lost.stoppedAt, lost.warnings]).toEqual([null, [at(15 * minute), null]]);
  });

  it("gets a day from a change of plan on", () => {
    const { stoppedAt } = live({ planChangedAt: at(-hour) }, {}, 2000);
    expect(stoppedAt).toBe(23 * hour);
  });
});

describe("activity", () => {
  it("after a warning takes it back", () => {
    const typed = live({}, { attends: (count) => count === 12 }, 60);
    expect(typed.warnings).toEqual([at(15 * minute), null, at(27 * minute)]);
    expect(typed.stoppedAt).toBe(27 * minute);
    expect(live({}, { works: (count) => count === 14 }, 60).stoppedAt).toBe(29 * minute);
  });

  it("in the very minute of the announced end is waited for", () => {
    const facts = { ...free, heardAt: at(14.5 * minute), autoStopAt: at(15 * minute) };
    expect(autoStop(facts, at(15 * minute))).toMatchObject({ kind: "warned", at: at(15 * minute) });
    const typed = { ...facts, heardAt: at(15.2 * minute), attendedAt: at(14.9 * minute) };
    expect(autoStop(typed, at(15.5 * minute)).kind).toBe("goes_on");
    expect(autoStop({ ...facts, heardAt: at(15.2 * minute) }, at(15.5 * minute)).kind).toBe("stops");
  });

  it("of work alone keeps it running for the plan's unattended time, and for ever where that has no end", () => {
    const working = live({}, { works: () => true }, 1000);
    expect([working.stoppedAt, working.reason]).toEqual([2 * hour, "unattended_stopped"]);
    expect(working.warnings).toEqual([at(2 * hour)]);
    expect(live({ unattendedSeconds: null }, { works: () => true }, 3000).stoppedAt).toBeNull();
    expect(live({}, { works: () => true, attends: (count) => count === 100 }, 1000).stoppedAt).toBe(
      100 * minute + 2 * hour,
    );
  });
});

describe("whatever happens", () => {
  const isIn = (list: number[]) => (count: number) => list.includes(count);
  const lived = ({
    idle,
    unattended,
    attended,
    worked,
    unheard,
  }: typeof scene extends fc.Arbitrary<infer S> ? S : never) =>
    live(
      { idleSeconds: idle * minute, unattendedSeconds: unattended * minute },
      { attends: isIn(attended), works: isIn(worked), isHeard: (count) => !unheard.includes(count) },
      300,
    );

  it("nobody is stopped but 5 minutes after a warning that stood, and not before the time it told", () => {
    fc.assert(
      fc.property(scene, (each) => {
        const { facts, warnedAt, stoppedAt } = lived(each);
        if (stoppedAt === null) return;
        expect(secondsOf(warnedAt as Date)).toBeLessThanOrEqual(stoppedAt - 5 * minute);
        expect(secondsOf(facts.autoStopAt as Date)).toBeLessThanOrEqual(stoppedAt);
      }),
    );
  });

  it("nobody is stopped sooner than the plan's idle time after somebody attended", () => {
    fc.assert(
      fc.property(scene, (each) => {
        const { facts, stoppedAt } = lived(each);
        const attendedAt = Math.max(0, facts.attendedAt === null ? 0 : secondsOf(facts.attendedAt));
        if (stoppedAt !== null) expect(stoppedAt).toBeGreaterThanOrEqual(attendedAt + each.idle * minute);
      }),
    );
  });

  it("what is at work is not stopped before the plan's unattended time", () => {
    fc.assert(
      fc.property(scene, (each) => {
        const { facts, stoppedAt } = lived(each);
        if (stoppedAt === null || facts.workedAt === null) return;
        const isWorking = stoppedAt - secondsOf(facts.workedAt) < 5 * minute;
        const attendedAt = facts.attendedAt === null ? 0 : secondsOf(facts.attendedAt);
        if (isWorking) expect(stoppedAt).toBeGreaterThanOrEqual(attendedAt + each.unattended * minute);
      }),
    );
  });

  it("what is heard of and idle for long enough is stopped", () => {
    fc.assert(
      fc.property(scene, (each) => {
        const last = Math.max(0, ...each.attended, ...each.worked);
        const end = live(
          { idleSeconds: each.idle * minute, unattendedSeconds: null },
          { attends: isIn(each.attended), works: isIn(each.worked) },
          last + each.idle + 10,
        );
        expect(end.stoppedAt).not.toBeNull();
      }),
    );
  });
});

describe("a month's hours", () => {
  const limited = { idleSeconds: null, runningSecondsPerMonth: 60 * hour };

  it("end what runs when they are used up, with a warning 5 minutes before", () => {
    const facts = { ...free, ...limited, runningSeconds: 60 * hour - 10 * minute };
    expect(autoStop(facts, start).kind).toBe("goes_on");
    const end = { at: at(4 * minute), reason: "hours_used_up" };
    const soon = { ...facts, runningSeconds: 60 * hour - 4 * minute };
    expect(autoStop(soon, start)).toMatchObject({ kind: "warned", reason: end.reason, at: at(5 * minute) });
    const used = { ...facts, runningSeconds: 60 * hour, autoStopAt: at(-1) };
    expect(autoStop(used, start)).toMatchObject({ kind: "stops", reason: "hours_used_up" });
  });

  it("are drawn on by all that run", () => {
    const facts = { ...free, ...limited, runningSeconds: 60 * hour - 12 * minute, runningEnvironments: 3 };
    expect(autoStop(facts, start)).toMatchObject({ kind: "warned", at: at(5 * minute) });
  });

  it("end nothing within a day of a change of plan, nor when the month ends first", () => {
    const used = { ...free, ...limited, runningSeconds: 99 * hour };
    expect(autoStop({ ...used, planChangedAt: at(-23 * hour) }, start).kind).toBe("goes_on");
    expect(autoStop({ ...used, planChangedAt: at(-24 * hour) }, start).kind).toBe("warned");
    const eve = new Date("2026-03-31T23:58:00Z");
    expect(autoStop({ ...used, runningSeconds: 60 * hour - 150 }, eve).kind).toBe("goes_on");
    expect(autoStop({ ...used, runningSeconds: 60 * hour - 60 }, eve).kind).toBe("warned");
  });

  it("count without a word from the bridge", () => {
    const used = { ...free, ...limited, runningSeconds: 60 * hour, autoStopAt: at(-1), heardAt: null };
    expect(autoStop(used, start).kind).toBe("stops");
  });
});

describe("what people are told", () => {
  const plan = { idleSeconds: 900, unattendedSeconds: 7200, runningSecondsPerMonth: 60 * hour };

  it("says when, why and what helps", () => {
    const words = (reason: Parameters<typeof stoppedWords>[0]) => warningOf({ at: at(3720), reason }, plan);
    expect(words("idle_stopped")).toMatch(
      /^It stops at 13:02 UTC because nothing has happened in it for 15 minutes; type/,
    );
    expect(words("unattended_stopped")).toContain("nobody has attended to it for 2 hours; type");
    expect(words("hours_used_up")).toMatch(/because this month's 60 running hours are used up$/);
  });

  it("stays said once it has stopped", () => {
    expect(stoppedWords("idle_stopped", { ...plan, idleSeconds: 3600 }, start)).toBe(
      "Stopped because nothing has happened in it for 1 hour",
    );
    expect(stoppedWords("hours_used_up", plan, start)).toContain("they begin anew on 2026-04-01");
  });
});
