/**
 * What every runtime must do, whatever runs the environments. `open` gives a runtime on the same ground each time,
 * as a new bridge process would; `dispose` removes the ground.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Action, Runtime, TerminalStream } from "../../../bridge/runtime/runtime.ts";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import type { DesiredEnvironment, ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import type { LogMessage } from "../../../durable-objects/protocol/client.ts";
import { patience } from "../../support/wait-until.ts";
import { endOf, type Viewer, viewerOf } from "../support/viewer.ts";

export interface Ground {
  open(): Runtime;
  dispose(): Promise<void>;
}

const size = { cols: 100, rows: 30 };
const inTime = { timeout: 15_000 * patience };
// A real cluster says which image it has, and how large its volumes and its machines are.
const image = process.env["DEVPOCKET_TEST_IMAGE"] || "buildpack-deps:22.04";
const storageBytes = Number(process.env["DEVPOCKET_TEST_STORAGE_BYTES"]) || 10 * 2 ** 30;
const memoryBytes = Number(process.env["DEVPOCKET_TEST_MEMORY_BYTES"]) || 2 ** 30;
let made = 0;

/** An environment that should run; every call has an id of its own. */
export function desiredEnvironment(change: Partial<DesiredEnvironment> = {}): DesiredEnvironment {
  made += 1;
  return {
    id: `env_${String(made).padStart(4, "0")}${Math.random().toString(36).slice(2).padEnd(16, "0").slice(0, 16)}`,
    name: "contract",
    desired: "running",
    generation: 1,
    template_id: "ubuntu",
    image,
    port: null,
    startup_commands: [],
    environment_variables: {},
    resources: { cpu_millicores: 500, memory_bytes: memoryBytes, storage_bytes: storageBytes },
    ...change,
  };
}

/** Where bringing it up takes longer than a step waits, it is not up when the step is over. */
export async function becomesUp(runtime: Runtime, id: string): Promise<void> {
  const isUp = (phase = "gone") => ["installing", "configuring", "running"].includes(phase);
  const find = async () => (await runtime.observe()).find((each) => each.environment_id === id);
  await vi.waitUntil(async () => isUp((await find())?.phase), inTime);
}

export function runtimeContract(name: string, makeGround: () => Promise<Ground>): void {
  describe(`${name} runtime keeps the contract`, { timeout: 60_000 * patience }, () => {
    let ground: Ground;
    let runtime: Runtime;

    beforeEach(async () => {
      ground = await makeGround();
      runtime = ground.open();
    });
    afterEach(async () => {
      await runtime.close();
      await ground.dispose();
    });

    const apply = async (action: Action) => {
      await runtime.apply(action, AbortSignal.timeout(20_000 * patience));
      if ("environment" in action) await becomesUp(runtime, action.environment.id);
    };
    const start = async (change: Partial<DesiredEnvironment> = {}) => {
      const environment = desiredEnvironment(change);
      await apply({ kind: "start", environment });
      return environment;
    };
    const observed = async (id: string): Promise<ObservedEnvironment | undefined> =>
      (await runtime.observe()).find((each) => each.environment_id === id);
    const becomes = (id: string, phase: ObservedEnvironment["phase"]) =>
      vi.waitUntil(async () => ((await observed(id))?.phase === phase ? observed(id) : undefined), inTime);
    const shell = async (id: string): Promise<{ stream: TerminalStream } & Viewer> => {
      const stream = await runtime.attach(id, "main", size);
      return { stream, ...viewerOf(stream, size) };
    };
    const pidOf = async (id: string) => (await shell(id)).ask("echo $$");

    it("starts an environment and gives it a shell", async () => {
      const { id } = await start({ generation: 7 });
      expect(await observed(id)).toMatchObject({ generation: 7, phase: "running", installation_completed: true });
      expect(await (await shell(id)).ask("echo $((6*7))")).toBe("42");
    });

    it("hands variables over as data, whatever they hold", async () => {
      const variables = {
        PLAIN: "x",
        FORMAT: "#{pid}#(touch /tmp/devpocket-injected)#S",
        COMMAND: "$(id)`id`; exit 1",
        QUOTES: `'"\\`,
        MULTILINE: "one\ntwo",
        EMPTY: "",
        ÜNÏCODE: "ä€😀",
      };
      const { id } = await start({ environment_variables: variables, name: "#{pid} $(id)\n'\"" });
      const prompt = await shell(id);
      for (const [variable, value] of Object.entries(variables)) {
        if (variable === "ÜNÏCODE") continue; // a shell cannot name it
        const hex = await prompt.ask(`printf %s "$${variable}" | od -An -tx1 | tr -d ' \\n'`);
        expect(Buffer.from(hex, "hex").toString()).toBe(value);
      }
    });

    it("follows resizes with whole numbers from 1 to 1000 and refuses others", async () => {
      const { id } = await start();
      const prompt = await shell(id);
      // A terminal over exec begins without a size, and what is typed may overtake the first one.
      expect(await prompt.ask("until stty size | grep '30 100'; do sleep 0.05; done")).toBe("30 100");
      prompt.terminal.resize(61, 17);
      prompt.stream.resize({ cols: 61, rows: 17 });
      expect(await prompt.ask("until stty size | grep '17 61'; do sleep 0.05; done")).toBe("17 61");
      for (const cols of [0, 80.5, 1001, Number.NaN]) {
        expect(() => prompt.stream.resize({ cols, rows: 24 })).toThrow(RuntimeFailure);
      }
    });

    it("gives a fresh shell with one line that says so when the last one ends", async () => {
      const { id } = await start();
      const prompt = await shell(id);
      const before = await prompt.ask("echo $$");
      prompt.stream.write("exit\r");
      await prompt.shows(/this is a fresh one/);
      expect(await prompt.ask("echo $$")).not.toBe(before);
      expect((await observed(id))?.phase).toBe("running");
    });

    it("keeps shell and screen when the runtime is opened anew", async () => {
      const { id } = await start();
      const first = await shell(id);
      const pid = await first.ask("echo $$");
      first.stream.write("echo still-$((1+1))-here\r");
      await first.shows(/still-2-here/);
      await runtime.close();
      runtime = ground.open();
      expect((await observed(id))?.phase).toBe("running");
      const second = await shell(id);
      await second.shows(/still-2-here/);
      expect(await second.ask("echo $$")).toBe(pid);
    });

    it("takes the size the session has where none is given", async () => {
      const { id } = await start();
      await (await shell(id)).ask("true");
      await runtime.close();
      runtime = ground.open();
      expect((await runtime.attach(id, "main", null)).size).toEqual(size);
    });

    it("gives the lines above the screen as they were printed, the newest last", async () => {
      const { id } = await start();
      const prompt = await shell(id);
      expect(await runtime.history(id, "main", { before: 0, lines: 10 })).toEqual({ lines: [], hasMore: false });
      prompt.stream.write("clear; seq 1000 1099; printf 'é€😀 #{pid}$(id)\\n'; seq 1100 1140\r");
      await prompt.shows(/1140/);
      await prompt.ask("true");
      const all = await runtime.history(id, "main", { before: 0, lines: 2_000 });
      expect(all.hasMore).toBe(false);
      expect(all.lines).toContain("é€😀 #{pid}$(id)");
      const newest = await runtime.history(id, "main", { before: 0, lines: 20 });
      expect(newest).toEqual({ lines: all.lines.slice(-20), hasMore: true });
      const older = await runtime.history(id, "main", { before: 20, lines: 2_000 });
      expect(older).toEqual({ lines: all.lines.slice(0, -20), hasMore: false });
      const none = await runtime.history(id, "main", { before: all.lines.length, lines: 5 });
      expect(none).toEqual({ lines: [], hasMore: false });
      const elsewhere = runtime.history(id, "#{pid}", { before: 0, lines: 5 });
      await expect(elsewhere).rejects.toMatchObject({ code: "window_not_found" });
    });

    it("stops every process, keeps the files and starts again with them", async () => {
      const environment = await start();
      const prompt = await shell(environment.id);
      // Other runs on this machine have sleeps of their own.
      const seconds = `987${process.pid}`;
      await prompt.ask(`echo kept > file; (setsid sleep ${seconds} >/dev/null 2>&1 &)`);
      const ended = endOf(prompt.stream);
      await apply({ kind: "stop", environmentId: environment.id });
      await ended;
      expect((await observed(environment.id))?.phase).toBe("stopped");
      await expect(runtime.attach(environment.id, "main", size)).rejects.toMatchObject({ code: "not_running" });
      const history = runtime.history(environment.id, "main", { before: 0, lines: 5 });
      await expect(history).rejects.toMatchObject({ code: "not_running" });
      await apply({ kind: "start", environment: { ...environment, generation: 2 } });
      const again = await shell(environment.id);
      expect(
        await again.ask(
          `cat file; for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $p; echo; done 2>&1 | grep -c '[s]leep ${seconds}'`,
        ),
      ).toMatch(/^kept\s+0$/);
    });

    it("brings the screen and the directory back after a stop, says what did not survive, and runs nothing again", async () => {
      const environment = await start();
      expect(await observed(environment.id)).toMatchObject({ reason: null, status_message: null });
      const prompt = await shell(environment.id);
      await prompt.ask("mkdir -p 'a b'; cd 'a b'; echo ran >> times; printf '\\033[31mé€😀-%s\\n' $((6*7))");
      await apply({ kind: "stop", environmentId: environment.id });
      await apply({ kind: "start", environment: { ...environment, generation: 2 } });
      expect(await observed(environment.id)).toMatchObject({
        phase: "running",
        reason: "session_restored",
        status_message: "Session restored: 1 window; running programs ended",
      });
      const again = await shell(environment.id);
      await again.shows(/é€😀-42[\s\S]*restored after a restart: 1 window and scrollback; running programs ended/);
      expect(await again.ask('basename "$PWD"; cat times')).toMatch(/^a b\s+ran$/);
      expect(await observed(environment.id)).toMatchObject({ reason: null, status_message: null });
    });

    it("restarts with a new shell and new variables", async () => {
      const environment = await start();
      const before = await pidOf(environment.id);
      const changed = { ...environment, generation: 2, environment_variables: { COLOUR: "green" } };
      await apply({ kind: "restart", environment: changed });
      expect(await observed(environment.id)).toMatchObject({ generation: 2, phase: "running" });
      expect(await (await shell(environment.id)).ask('echo "$$ $COLOUR"')).toMatch(/green$/);
      expect(await pidOf(environment.id)).not.toBe(before);
    });

    it("deletes everything, read-only directories too, and then no longer observes it", async () => {
      const { id } = await start();
      await (await shell(id)).ask("mkdir -p a/b; touch a/b/c; chmod 500 a/b a");
      await apply({ kind: "delete", environmentId: id });
      expect(await observed(id)).toBeUndefined();
      await expect(runtime.attach(id, "main", size)).rejects.toMatchObject({ code: "not_found" });
      await apply({ kind: "delete", environmentId: id });
    });

    it("runs startup commands with their output as logs while the shell is usable", async () => {
      const { id } = await start({
        startup_commands: ["echo says-$COLOUR; while [ ! -e go ]; do sleep 0.05; done", "echo second > made"],
        environment_variables: { COLOUR: "green" },
      });
      const followed: LogMessage[] = [];
      const stop = await runtime.followLogs(id, (messages) => followed.push(...messages));
      expect(await observed(id)).toMatchObject({ phase: "installing", installation_completed: false });
      await vi.waitUntil(
        () => followed.some((each) => each.type === "installation_log" && each.data === "says-green"),
        inTime,
      );
      expect(followed.some((each) => each.type === "installation_complete")).toBe(false);
      await (await shell(id)).ask("touch go");
      expect(await becomes(id, "running")).toMatchObject({ installation_completed: true });
      await vi.waitUntil(() => followed.some((each) => each.type === "installation_complete"), inTime);
      stop();
      expect(await (await shell(id)).ask("cat made")).toBe("second");
      const { entries, hasMore } = await runtime.logs(id, { lines: 1000 });
      expect(entries.map((entry) => entry.message)).toContain("says-green");
      expect(hasMore).toBe(false);
      expect((await runtime.logs(id, { lines: 1 })).hasMore).toBe(true);
      expect((await runtime.logs(id, { lines: 9, since: "2999-01-01T00:00:00Z" })).entries).toEqual([]);
    });

    it("gives a shell also when a startup command fails, and says why", async () => {
      const { id } = await start({ startup_commands: ["echo before; exit 3"] });
      const seen = await becomes(id, "running");
      expect(seen).toMatchObject({ installation_completed: false, reason: "installation_failed" });
      expect(seen?.status_message).toContain("exit 3");
      expect(await (await shell(id)).ask("echo usable")).toBe("usable");
    });

    it("reads real metrics, and null with a reason where there is none", async () => {
      const { id } = await start();
      const prompt = await shell(id);
      await prompt.ask("head -c 3000000 /dev/urandom > big");
      const readings = await runtime.readings(id);
      expect(readings.memory_usage).toBeGreaterThan(0);
      expect(readings.storage_usage).toBeGreaterThan(0);
      expect(readings.cpu_usage).not.toBeNull();
      expect(readings.uptime).toBeGreaterThanOrEqual(0);
      if (readings.network_in === null) expect(readings.reason).toContain("network");
      expect(Date.parse((await runtime.lastOutput(id)) ?? "")).toBeGreaterThan(0);
    });

    it("tells of changes without being asked", async () => {
      const changed = new Set<string>();
      runtime.onChange((id) => changed.add(id));
      const { id } = await start();
      await vi.waitUntil(() => changed.has(id), inTime);
    });

    it("touches nothing it does not know", async () => {
      const unknown = desiredEnvironment().id;
      await expect(apply({ kind: "stop", environmentId: unknown })).rejects.toMatchObject({ code: "not_found" });
      await expect(runtime.readings(unknown)).rejects.toMatchObject({ code: "not_found" });
      const { id } = await start();
      await becomes(id, "running");
      await expect(runtime.attach(id, "elsewhere", size)).rejects.toMatchObject({ code: "window_not_found" });
    });
  });
}
