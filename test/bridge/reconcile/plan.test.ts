import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plan, report } from "../../../bridge/reconcile/plan.ts";
import type { Action } from "../../../bridge/runtime/runtime.ts";
import {
  type DesiredEnvironment,
  type ObservedEnvironment,
  observedPhases,
} from "../../../durable-objects/protocol/bridge-api.ts";
import type { ObservedReason } from "../../../durable-objects/protocol/reasons.ts";
import { desiredStates } from "../../../durable-objects/protocol/vocabulary.ts";

const idOf = (number: number) => `env_${String(number).padStart(20, "0")}`;

function desired(change: Partial<DesiredEnvironment> = {}): DesiredEnvironment {
  return {
    id: idOf(1),
    name: "one",
    desired: "running",
    generation: 1,
    template_id: "ubuntu",
    image: "ubuntu",
    port: null,
    startup_commands: [],
    environment_variables: {},
    resources: { cpu_millicores: 1, memory_bytes: 1, storage_bytes: 1 },
    ...change,
  };
}

function observed(change: Partial<ObservedEnvironment> = {}): ObservedEnvironment {
  return {
    environment_id: idOf(1),
    generation: 1,
    phase: "running",
    status_message: null,
    reason: null,
    installation_completed: true,
    ...change,
  };
}

const kinds = (actions: Action[]) => actions.map((action) => action.kind);

describe("plan", () => {
  it.each<[string, Partial<DesiredEnvironment>, Partial<ObservedEnvironment> | null, Action["kind"][]]>([
    ["starts what is not there", {}, null, ["start"]],
    ["starts what is stopped", {}, { phase: "stopped" }, ["start"]],
    ["leaves alone what the cluster itself tries again", {}, { phase: "error", reason: "image_pull_failed" }, []],
    ["begins anew what it does not", {}, { phase: "error", reason: "quota_exceeded" }, ["start"]],
    [
      "restarts what the cluster tries again, once it is asked to",
      { generation: 2 },
      { phase: "error", reason: "crash_loop" },
      ["restart"],
    ],
    ["starts again what died by itself", {}, { phase: "stopped", reason: "lost" }, ["start"]],
    ["starts again what failed", {}, { phase: "error" }, ["start"]],
    ["restarts an older generation", { generation: 2 }, {}, ["restart"]],
    ["starts a stopped older generation", { generation: 2 }, { phase: "stopped" }, ["start"]],
    ["leaves alone what runs", {}, {}, []],
    ["leaves alone what is on its way up", {}, { phase: "provisioning" }, []],
    ["leaves alone what is on its way down until it is there", {}, { phase: "stopping" }, []],
    ["stops what runs", { desired: "stopped" }, {}, ["stop"]],
    [
      "stops what died by itself, for what it left behind",
      { desired: "stopped" },
      { phase: "stopped", reason: "lost" },
      ["stop"],
    ],
    ["leaves alone what is stopped", { desired: "stopped" }, { phase: "stopped" }, []],
    ["makes nothing only to stop it", { desired: "stopped" }, null, []],
    ["deletes what is there, in whatever phase", { desired: "deleted" }, { phase: "error" }, ["delete"]],
    ["has nothing to delete where nothing is", { desired: "deleted" }, null, []],
  ])("%s", (_claim, want, seen, expected) => {
    expect(kinds(plan([desired(want)], seen === null ? [] : [observed(seen)]))).toEqual(expected);
  });

  it("never touches what is not in the list", () => {
    expect(plan([], [observed()])).toEqual([]);
  });

  it("comes to rest at what is desired, from anywhere", () => {
    const wants = fc.uniqueArray(
      fc.record({
        number: fc.nat(9),
        desired: fc.constantFrom(...desiredStates),
        generation: fc.integer({ min: 1, max: 5 }),
      }),
      { selector: (each) => each.number },
    );
    const sees = fc.uniqueArray(
      fc.record({
        number: fc.nat(9),
        phase: fc.constantFrom(...observedPhases.filter((phase) => phase !== "gone")),
        generation: fc.integer({ min: 1, max: 5 }),
        reason: fc.constantFrom(null, "lost"),
      }),
      { selector: (each) => each.number },
    );
    fc.assert(
      fc.property(wants, sees, (want, see) => {
        const list = want.map(({ number, ...rest }) => desired({ id: idOf(number), ...rest }));
        const strangers = see.filter(({ number }) => !want.some((each) => each.number === number));
        let now = see.map(({ number, ...rest }) => observed({ environment_id: idOf(number), ...rest }));
        for (let round = 0; round < 4; round += 1) now = settle(now, plan(list, now));
        expect(plan(list, now)).toEqual([]);
        for (const each of list) expect(isAsDesired(each, now)).toBe(true);
        for (const { number } of strangers) expect(now.some((each) => each.environment_id === idOf(number))).toBe(true);
      }),
    );
  });
});

/** A world that does what it is told and finishes what was under way. */
function settle(now: ObservedEnvironment[], actions: Action[]): ObservedEnvironment[] {
  const byId = new Map(now.map((each) => [each.environment_id, finish(each)]));
  for (const action of actions) {
    if (action.kind === "delete") byId.delete(action.environmentId);
    else if (action.kind === "stop") {
      const found = byId.get(action.environmentId);
      if (found !== undefined) byId.set(action.environmentId, { ...found, phase: "stopped", reason: null });
    } else {
      const { id, generation } = action.environment;
      byId.set(id, observed({ environment_id: id, generation }));
    }
  }
  return [...byId.values()];
}

function finish(each: ObservedEnvironment): ObservedEnvironment {
  if (each.phase === "stopping") return { ...each, phase: "stopped", reason: null };
  const isUnderWay = ["provisioning", "installing", "configuring", "restarting"].includes(each.phase);
  return isUnderWay ? { ...each, phase: "running" } : each;
}

function isAsDesired(want: DesiredEnvironment, now: ObservedEnvironment[]): boolean {
  const found = now.find((each) => each.environment_id === want.id);
  if (want.desired === "deleted") return found === undefined;
  if (want.desired === "stopped") return found === undefined || found.phase === "stopped";
  return found?.phase === "running" && found.generation >= want.generation;
}

describe("report", () => {
  it("tells what is seen of the desired environments and nothing of others", () => {
    const stranger = observed({ environment_id: idOf(2) });
    expect(report([desired()], [observed(), stranger], new Map())).toEqual([observed()]);
  });

  it("leaves out what is not there", () => {
    expect(report([desired(), desired({ desired: "stopped" })], [], new Map())).toEqual([]);
  });

  it("says that nothing is left of what was deleted", () => {
    const want = desired({ desired: "deleted", generation: 3 });
    expect(report([want], [], new Map())).toMatchObject([{ phase: "gone", generation: 3 }]);
    expect(report([want], [observed({ phase: "running" })], new Map())).toMatchObject([{ phase: "running" }]);
  });

  it("calls a stopped environment stopped as of the generation that should be", () => {
    const want = desired({ desired: "stopped", generation: 4 });
    expect(report([want], [observed({ phase: "stopped", generation: 2 })], new Map())[0]?.generation).toBe(4);
    expect(report([want], [observed({ phase: "running", generation: 2 })], new Map())[0]?.generation).toBe(2);
  });

  it("tells a failure of this generation, and forgets it with the next", () => {
    const failures = failing("refused", "no tmux");
    expect(report([desired()], [], failures)).toMatchObject([
      { phase: "error", status_message: "no tmux", reason: "refused" },
    ]);
    expect(report([desired({ generation: 2 })], [], failures)).toEqual([]);
  });

  it("makes no error of an environment whose cluster could not be asked", () => {
    const failures = failing("unavailable", "no answer");
    const said = { status_message: "no answer" };
    const running = observed({ phase: "running" });
    expect(report([desired()], [], failures)).toMatchObject([
      { ...said, phase: "provisioning", reason: "unavailable" },
    ]);
    expect(report([desired()], [running], failures)).toEqual([{ ...running, ...said }]);
    expect(report([desired({ desired: "stopped" })], [running], failures)).toEqual([{ ...running, ...said }]);
    expect(report([desired({ desired: "stopped" })], [], failures)).toEqual([]);
    const older = observed({ phase: "running", generation: 0 });
    expect(report([desired()], [older], failures)).toMatchObject([{ ...said, phase: "restarting", generation: 1 }]);
  });
});

function failing(reason: ObservedReason, message: string) {
  return new Map([[idOf(1), { generation: 1, message, reason }]]);
}
