/** What holds of an environment's life whatever people, bridges and clocks do. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { observedPhases } from "../../durable-objects/protocol/bridge-api.ts";
import { act, actions, type Lifecycle, newLifecycle, phaseAt, progressOf } from "../../workers/rules/lifecycle.ts";
import { type Observation, observe, observeAbsence } from "../../workers/rules/observations.ts";

const start = new Date("2026-01-01T00:00:00Z");

type Event =
  | { kind: "act"; action: (typeof actions)[number]; force: boolean; afterSeconds: number }
  | { kind: "see"; phase: Observation["phase"]; age: number; message: string | null; afterSeconds: number };

const afterSeconds = fc.oneof(fc.nat(5), fc.nat(4000));
const seeing = fc.record({
  kind: fc.constant("see" as const),
  phase: fc.constantFrom(...observedPhases),
  age: fc.oneof(fc.constant(0), fc.nat(3)),
  message: fc.option(fc.string({ maxLength: 10 })),
  afterSeconds,
});
const acting = fc.record({
  kind: fc.constant("act" as const),
  action: fc.constantFrom(...actions),
  force: fc.boolean(),
  afterSeconds,
});
const events: fc.Arbitrary<Event[]> = fc.array(fc.oneof(seeing, acting), { maxLength: 40 });

function step(row: Lifecycle, event: Event, now: Date): Lifecycle {
  if (event.kind === "act") return act(row, event.action, now, { force: event.force }).row;
  const generation = Math.max(0, row.generation - event.age);
  return observe(row, observation(event.phase, generation, event.message), now);
}

function observation(phase: Observation["phase"], generation: number, message: string | null = null): Observation {
  return { phase, generation, status_message: message, reason: null, installation_completed: phase === "running" };
}

/** Every state a sequence of events goes through, with the time it was reached. */
function history(list: Event[]): { row: Lifecycle; now: Date }[] {
  let row = newLifecycle(start);
  let now = start;
  return list.map((event) => {
    now = new Date(now.getTime() + event.afterSeconds * 1000);
    row = step(row, event, now);
    return { row, now };
  });
}

const isWaiting = (row: Lifecycle) => progressOf(row.phase) !== null;

describe("the life of an environment", () => {
  it("waits only with a deadline, and never past it, even when nothing but a read happens", () => {
    fc.assert(
      fc.property(events, (list) => {
        for (const { row } of history(list)) {
          expect(row.phaseDeadlineAt !== null).toBe(isWaiting(row));
          if (row.phaseDeadlineAt === null) continue;
          const read = phaseAt(row, row.phaseDeadlineAt);
          expect([read.phase, read.statusMessage === null]).toEqual(["error", false]);
        }
      }),
    );
  });

  it("ends its waiting within a bounded time, whatever waiting phases a bridge goes on reporting", () => {
    const dawdling = fc.array(
      fc.record({
        phase: fc.constantFrom("provisioning", "installing", "configuring", "restarting", "stopping"),
        seconds: fc.integer({ min: 1, max: 900 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(dawdling, (reports) => {
        let row: Lifecycle = newLifecycle(start);
        let now = start;
        for (const report of reports) {
          now = new Date(now.getTime() + report.seconds * 1000);
          row = observe(row, observation(report.phase as Observation["phase"], row.generation), now);
        }
        if (now.getTime() - start.getTime() > 2 * 3600 * 1000) expect(phaseAt(row, now).phase).toBe("error");
      }),
    );
  });

  it("is final once terminated", () => {
    fc.assert(
      fc.property(events, (list) => {
        const states = history(list);
        const end = states.findIndex(({ row }) => row.phase === "terminated");
        if (end !== -1) expect(new Set(states.slice(end).map(({ row }) => row))).toEqual(new Set([states[end]?.row]));
      }),
    );
  });

  it("never moves because of an older generation's report", () => {
    fc.assert(
      fc.property(events, seeing, fc.integer({ min: 1, max: 5 }), (list, late, age) => {
        const { row, now } = history(list).at(-1) ?? { row: newLifecycle(start), now: start };
        expect(observe(row, observation(late.phase, row.generation - age, late.message), now)).toBe(row);
      }),
    );
  });

  it("raises the generation and never lowers it; deletion is never taken back", () => {
    fc.assert(
      fc.property(events, (list) => {
        const rows = [newLifecycle(start), ...history(list).map((state) => state.row)];
        for (const [index, row] of rows.slice(1).entries()) {
          expect(row.generation).toBeGreaterThanOrEqual(rows[index]?.generation ?? 0);
          if (rows[index]?.desired === "deleted") expect(row.desired).toBe("deleted");
        }
      }),
    );
  });

  it("reaches what is desired as soon as a bridge truthfully reports it", () => {
    const end = {
      running: ["running", "running"],
      stopped: ["stopped", "stopped"],
      deleted: ["gone", "terminated"],
    } as const;
    fc.assert(
      fc.property(events, (list) => {
        const { row, now } = history(list).at(-1) ?? { row: newLifecycle(start), now: start };
        const [seen, reached] = end[row.desired];
        expect(observe(row, observation(seen, row.generation), now).phase).toBe(reached);
      }),
    );
  });

  it("does not change when the same report comes twice", () => {
    fc.assert(
      fc.property(events, seeing, (list, event) => {
        const { row, now } = history(list).at(-1) ?? { row: newLifecycle(start), now: start };
        const once = step(row, { ...event, age: 0 }, now);
        expect(step(once, { ...event, age: 0 }, now)).toEqual(once);
      }),
    );
  });
});

describe("a server killed by hand", () => {
  const running = observe(newLifecycle(start), observation("running", 1), start);
  const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

  it.each(["stopped", "gone", "stopping"] as const)(
    "seen as %s shows in phase as restarting and comes back",
    (seen) => {
      const lost = observe(running, observation(seen, 1), at(10));
      expect(lost).toMatchObject({ phase: "restarting", phaseReason: "lost", generation: 1 });
      expect(lost.statusMessage).toContain("started again");
      expect(observe(lost, observation(seen, 1), at(11))).toBe(lost);
      const back = observe(lost, observation("running", 1), at(12));
      expect(back).toMatchObject({ phase: "running", statusMessage: null, phaseDeadlineAt: null });
    },
  );

  it("is noticed when the report leaves it out", () => {
    expect(observeAbsence(running, at(10)).phase).toBe("restarting");
  });
});

describe("a deletion", () => {
  const deleting = act({ ...newLifecycle(start), phase: "stopped", phaseDeadlineAt: null }, "delete", start).row;
  const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

  it("ends when the bridge says that nothing is left", () => {
    expect(observe(deleting, observation("gone", 1), at(1)).phase).toBe("terminated");
    expect(observe(deleting, observation("stopping", 1, "removing files"), at(1))).toMatchObject({
      phase: "stopping",
      statusMessage: "removing files",
    });
  });

  it("is not ended by the silence of a report that may be older than the environment", () => {
    expect(observeAbsence(deleting, at(1))).toBe(deleting);
  });
});

describe("a report", () => {
  const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

  it("of the time before a stop does not look like a failure, and the stop still ends", () => {
    const stopping = act(observe(newLifecycle(start), observation("running", 1), start), "stop", at(1)).row;
    expect(observe(stopping, observation("error", 1, "crashed"), at(2)).phase).toBe("stopping");
    expect(observe(stopping, observation("stopped", 1), at(3)).phase).toBe("stopped");
  });

  it("of something alive that should be stopped shows as stopping again", () => {
    const stopped: Lifecycle = { ...newLifecycle(start), desired: "stopped", phase: "stopped", phaseDeadlineAt: null };
    expect(observe(stopped, observation("running", 1), at(1))).toMatchObject({ phase: "stopping" });
  });

  it("of an error is told in its own words, or in ours when it has none", () => {
    const failed = observe(
      newLifecycle(start),
      { ...observation("error", 1, "no such image"), reason: "image_pull_failed" },
      at(1),
    );
    expect(failed).toMatchObject({ phase: "error", statusMessage: "no such image", phaseReason: "image_pull_failed" });
    expect(observe(newLifecycle(start), observation("error", 1), at(1)).statusMessage).toBe("The environment failed");
  });

  it("of a usable shell ends an error, except an installation that was out of time", () => {
    const failed = observe(newLifecycle(start), observation("error", 1, "x"), at(1));
    expect(observe(failed, observation("installing", 1), at(2)).phase).toBe("installing");
    expect(observe(failed, observation("provisioning", 1), at(2)).phase).toBe("error");
    const overdue = observe(
      observe(newLifecycle(start), observation("installing", 1), at(1)),
      observation("installing", 1),
      at(9e6),
    );
    expect(overdue).toMatchObject({ phase: "error", phaseReason: "deadline_exceeded" });
    expect(observe(overdue, observation("installing", 1), at(9e6 + 1)).phase).toBe("error");
    expect(observe(overdue, observation("error", 1, "other words"), at(9e6 + 1))).toEqual(overdue);
    expect(observe(overdue, observation("running", 1), at(9e6 + 1)).phase).toBe("running");
  });

  it("notes what a bridge says while it is stopping", () => {
    const stopping = act(observe(newLifecycle(start), observation("running", 1), start), "stop", at(1)).row;
    expect(observe(stopping, observation("stopping", 1, "waiting for tmux"), at(2)).statusMessage).toBe(
      "waiting for tmux",
    );
  });

  it("notes why a stop takes its time, in words of that phase", () => {
    const stopping = act(observe(newLifecycle(start), observation("running", 1), start), "stop", at(1)).row;
    const told = (reason: Observation["reason"]) =>
      observe(stopping, { ...observation("stopping", 1, "it waits"), reason }, at(2));
    expect(told("node_lost")).toMatchObject({ phase: "stopping", statusMessage: "it waits", phaseReason: "node_lost" });
    expect(told("image_pull_failed")).toMatchObject({ statusMessage: "it waits", phaseReason: null });
  });

  it("takes over whether the installation is complete", () => {
    const installing = observe(newLifecycle(start), observation("installing", 1), at(1));
    expect(installing.installationCompleted).toBe(false);
    expect(observe(installing, observation("running", 1), at(2)).installationCompleted).toBe(true);
  });
});
