/** The table of phases, by example: what people's actions and passed deadlines do. */
import { describe, expect, it } from "vitest";
import { phases } from "../../durable-objects/protocol/vocabulary.ts";
import {
  act,
  actions,
  allowedActions,
  isOnItsWay,
  type Lifecycle,
  newLifecycle,
  phaseAt,
} from "../../workers/rules/lifecycle.ts";

const now = new Date("2026-01-01T00:00:00Z");
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const inPhase = (phase: Lifecycle["phase"], more: Partial<Lifecycle> = {}): Lifecycle => ({
  ...newLifecycle(now),
  phase,
  phaseDeadlineAt: null,
  ...more,
});

describe("an action", () => {
  it("starts a stopped environment as a new generation that waits with a deadline", () => {
    const acted = act(inPhase("stopped", { desired: "stopped", generation: 4, pendingRestart: true }), "start", now);
    expect(acted.kind).toBe("moved");
    expect(acted.row).toMatchObject({
      desired: "running",
      generation: 5,
      phase: "provisioning",
      pendingRestart: false,
    });
    expect(acted.row.phaseDeadlineAt?.getTime()).toBeGreaterThan(now.getTime());
  });

  it("stops a running one without a new generation", () => {
    const acted = act(inPhase("running", { generation: 4, installationCompleted: true }), "stop", now);
    expect(acted.row).toMatchObject({
      desired: "stopped",
      generation: 4,
      phase: "stopping",
      installationCompleted: true,
    });
  });

  it.each([
    ["running", "start"],
    ["creating", "start"],
    ["stopped", "stop"],
    ["stopping", "stop"],
    ["restarting", "restart"],
    ["running", "recover"],
    ["running", "update"],
  ] as const)("in %s answers %s with yes and changes nothing", (phase, action) => {
    const row = inPhase(phase);
    expect(act(row, action, now)).toEqual({ kind: "already", row });
  });

  it.each([
    ["stopped", "restart"],
    ["creating", "recover"],
    ["terminated", "start"],
    ["terminated", "update"],
  ] as const)("in %s refuses %s and tells what is allowed", (phase, action) => {
    const acted = act(inPhase(phase), action, now);
    expect(acted.kind).toBe("refused");
    expect(acted.kind === "refused" && acted.allowed).toEqual(allowedActions(inPhase(phase), now));
    expect(allowedActions(inPhase(phase), now)).not.toContain(action);
  });

  it("recovers an environment in error as a new generation", () => {
    const acted = act(inPhase("error", { statusMessage: "broken", phaseReason: "x" }), "recover", now);
    expect(acted.row).toMatchObject({ generation: 2, phase: "restarting", statusMessage: null, phaseReason: null });
  });

  it("deletes a running environment only by force", () => {
    expect(act(inPhase("running"), "delete", now).kind).toBe("needs_force");
    expect(act(inPhase("running"), "delete", now, { force: true }).row.desired).toBe("deleted");
    expect(act(inPhase("stopped"), "delete", now).row.desired).toBe("deleted");
  });

  it("is refused in every phase once deletion was asked for", () => {
    for (const phase of phases)
      for (const action of actions)
        expect(act(inPhase(phase, { desired: "deleted" }), action, now).kind).toBe("refused");
  });

  it("judges the row as it is now, not as it was stored", () => {
    const overdue = { ...newLifecycle(now), phaseDeadlineAt: later(1) };
    expect(act(overdue, "recover", now).kind).toBe("refused");
    expect(act(overdue, "recover", later(1)).kind).toBe("moved");
  });
});

describe("a passed deadline", () => {
  it("turns a waiting phase into an error that says what was waited for", () => {
    const row = phaseAt({ ...newLifecycle(now), statusMessage: "no node has room" }, later(3600));
    expect(row).toMatchObject({ phase: "error", phaseReason: "deadline_exceeded", phaseDeadlineAt: null });
    expect(row.statusMessage).toBe("The cluster did not take up this environment in time: no node has room");
    expect(row.phaseSince).toEqual(newLifecycle(now).phaseDeadlineAt);
  });

  it("leaves a phase that may last as it is", () => {
    const row = inPhase("running");
    expect(phaseAt(row, later(1e9))).toBe(row);
  });

  it("changes nothing before its time", () => {
    const row = newLifecycle(now);
    expect(phaseAt(row, now)).toBe(row);
  });
});

describe("waiting for an end", () => {
  it("is over as soon as the shell can be used", () => {
    const waiting = phases.filter((phase) => isOnItsWay(phase));
    expect(waiting).toEqual(["creating", "provisioning", "restarting", "stopping"]);
  });
});
