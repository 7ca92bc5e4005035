/**
 * init.sh as it runs in a pod, with real tmux, in every shell of this machine: Debian's (dash), Alpine's (busybox), and
 * bash where it plays sh. What there is none of is said and left out.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseInitState } from "../../../../bridge/runtime/kubernetes/init/lines.ts";
import { hostileTexts } from "../../../support/hostile-texts.ts";
import {
  hasProcessNamespaces,
  isAlive,
  missingShells,
  PodGround,
  shells,
} from "../../../support/kubernetes/pod-ground.ts";

if (missingShells.length > 0)
  console.warn(`init.sh is not tried under: ${missingShells.join(", ")} (not on this machine)`);
if (!hasProcessNamespaces)
  console.warn("init.sh is not tried as a first process: no process namespaces on this machine");

describe.each(shells)("init.sh under $name", { timeout: 60_000 }, ({ shell }) => {
  let ground: PodGround;
  beforeEach(() => {
    ground = new PodGround(shell);
  });
  afterEach(() => ground.dispose());

  it("begins a session with a shell in the workspace and is done where there are no commands", async () => {
    ground.start();
    await ground.becomes(/^completed$/);
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    ground.type('echo "<$(basename "$PWD")-$HOME-$TERM>"');
    await ground.shows(/<workspace-\S+home\/devpocket-xterm-256color>/);
    expect(ground.tmux("list-windows", "-F", "#{window_name} #{window_width} #{window_height}")).toBe("shell 80 24");
    expect(ground.lines.map((line) => (line.kind === "state" ? line.state.kind : line))).toEqual([
      "starting",
      "completed",
    ]);
  });

  it("runs the commands in their order and prints what they print, while the shell is usable", async () => {
    const wait = "while [ ! -e go ]; do sleep 0.05; done";
    ground.start({
      startup: [`echo "says-$COLOUR"; ${wait}`, "printf 'no end' > made; cat made"],
      variables: { COLOUR: "green" },
    });
    await ground.says((line) => line.kind === "output" && line.text === "says-green");
    expect(await ground.becomes(/^installing/)).toBe("installing 0");
    ground.type("touch go");
    await ground.becomes(/^completed$/);
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    expect(ground.lines.slice(1)).toEqual([
      { kind: "state", state: { kind: "installing", index: 0 } },
      { kind: "command", text: `echo "says-$COLOUR"; ${wait}` },
      { kind: "output", text: "says-green" },
      { kind: "state", state: { kind: "installing", index: 1 } },
      { kind: "command", text: "printf 'no end' > made; cat made" },
      { kind: "output", text: "no end" },
      { kind: "state", state: { kind: "completed" } },
    ]);
    expect(ground.read("workspace/made")).toBe("no end");
  });

  it("leaves a shell where commands fail, says which and how, and runs the others", async () => {
    ground.start({ startup: ["echo before; exit 3", "true", "no-such-program", "kill -9 $$", "syntax ("] });
    const state = parseInitState(await ground.becomes(/^failed/));
    const failures = state?.kind === "failed" ? state.failures : [];
    expect(failures.slice(0, 3)).toEqual([
      { index: 0, exitCode: 3 },
      { index: 2, exitCode: 127 },
      { index: 3, exitCode: 137 },
    ]);
    expect(failures[3]).toMatchObject({ index: 4 });
    expect(ground.output).toContain("before");
    expect(ground.output.some((text) => text.includes("no-such-program"))).toBe(true);
    ground.type("echo usable-$((6*7))");
    await ground.shows(/usable-42/);
  });

  it("wipes nothing when it runs again, also when what went well fails now", async () => {
    ground.start({ startup: ["[ ! -e kept ] && echo first > kept"] });
    await ground.becomes(/^completed$/);
    ground.type("echo mine >> ~/.bashrc; echo work > file; touch done");
    await ground.becomes(/^completed$/);
    await ground.says(() => existsSync(ground.path("workspace/done")));
    expect(await ground.end()).toBe(0);
    ground.start({ startup: ["[ ! -e kept ] && echo first > kept"] });
    expect(await ground.becomes(/^failed/)).toBe("failed 0:1");
    expect(ground.read("workspace/file")).toBe("work\n");
    expect(ground.read("home/devpocket/.bashrc")).toMatch(/mine\n$/);
    ground.type("echo again-$((6*7))");
    await ground.shows(/again-42/);
  });

  it("takes commands and variables as they are, whatever they hold", async () => {
    const canary = ground.path("canary");
    const texts = hostileTexts(canary);
    const variables = Object.fromEntries(texts.map((text, index) => [`TEXT_${index}`, `${text}\nnext`]));
    const quoted = texts.map((text) => `printf '%s\\n' '${text.replaceAll("'", `'\\''`)}'`);
    ground.start({
      startup: [quoted.join("\n"), 'printf "%s" "$TEXT_0"'],
      variables: { ...variables, IFS: "/", PS4: "$(touch canary)" },
    });
    await ground.becomes(/^completed$/);
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    expect(ground.output).toEqual([...texts, ...`${texts[0]}\nnext`.split("\n")]);
    expect(ground.lines.flatMap((line) => (line.kind === "command" ? [line.text] : []))).toEqual([
      ...quoted,
      'printf "%s" "$TEXT_0"',
    ]);
    ground.type('printf "<%s>\\n" "$TEXT_7"');
    await ground.shows(new RegExp(`<${texts[7]?.replace(/[#()]/g, "\\$&")}\\nnext>`));
    expect(existsSync(canary)).toBe(false);
  });

  it("cannot be told by a command that it is done", async () => {
    ground.start({ startup: ["printf '! completed\\n# told\\n\\001fake! completed\\n'; exit 4"] });
    await ground.becomes(/^failed 0:4$/);
    await ground.says((line) => line.kind === "state" && line.state.kind === "failed");
    expect(ground.output).toEqual(["! completed", "# told", "\u0001fake! completed"]);
  });

  it("shows of a line that redraws itself the last state, and of bytes that are no text something", async () => {
    const shapes =
      "printf ' 10%%\\r 50%%\\r100%%\\r\\n'; printf 'a\\000b\\n'; printf '\\377\\n\\n'; printf 'é€😀'; printf '\\r\\n'";
    ground.start({ startup: [shapes] });
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    expect(ground.output).toEqual(["100%", "a b", "\uFFFD", "", "é€😀"]);
  });

  it("bounds the log, says how much is missing, and is not held up by a line without end", async () => {
    ground.start({
      startup: ["yes 0123456789 | head -n 60000", "head -c 1000000 /dev/zero | tr '\\0' x", "echo last; exit 5"],
    });
    await ground.becomes(/^failed 2:5$/);
    await ground.says((line) => line.kind === "state" && line.state.kind === "failed");
    const told = ground.output.filter((text) => /^\d+ lines left out$/.test(text));
    expect(told.length).toBeGreaterThan(0);
    const left = Number(told[0]?.split(" ")[0]);
    expect(ground.output.filter((text) => text === "0123456789").length + left).toBe(60_000);
    expect(Math.max(...ground.output.map((text) => text.length))).toBeLessThan(10_000);
  });

  it("goes on when a command leaves something running that keeps its output open", async () => {
    ground.start({ startup: ["(while [ ! -e end ]; do sleep 0.1; done; echo late) & echo begun", "echo second"] });
    await ground.becomes(/^completed$/);
    await ground.says((line) => line.kind === "output" && line.text === "second");
    writeFileSync(ground.path("workspace/end"), "");
    await ground.says((line) => line.kind === "output" && line.text === "late");
  });

  it("writes first files that are a person's to change, whatever the mode of ours", async () => {
    ground.start();
    await ground.becomes(/^completed$/);
    for (const name of [".bashrc", ".profile"])
      expect(statSync(ground.path(`home/devpocket/${name}`)).mode & 0o777).toBe(0o644);
  });

  it("writes no first files where a person has something else, and says what cannot be written", async () => {
    mkdirSync(ground.path("home/devpocket/.profile"));
    symlinkSync("/nowhere/at/all", ground.path("home/devpocket/.bashrc"));
    ground.start();
    await ground.becomes(/^completed$/);
    expect(existsSync("/nowhere")).toBe(false);
    ground.type("echo up-$((6*7))");
    await ground.shows(/up-42/);
  });

  it("ends at once when it is told to, and leaves nothing of the session", async () => {
    ground.start({ startup: ["trap '' TERM; sleep 1000"] });
    await ground.becomes(/^installing 0$/);
    const server = Number(ground.tmux("display-message", "-p", "#{pid}"));
    expect(await ground.end()).toBe(0);
    await vi.waitUntil(() => !isAlive(server), { timeout: 10_000 });
    expect(() => ground.tmux("has-session")).toThrow(/no server|error connecting/);
  });

  it("ends with a word of its own when the tmux server has ended", async () => {
    ground.start();
    await ground.becomes(/^completed$/);
    ground.tmux("kill-server");
    expect(await ground.ended()).toBe(70);
    expect(ground.read("dev/termination-log")).toBe("The environment's shell server has ended");
  });

  it.each([
    ["memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 3\noom_group_kill 0\n"],
    ["memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"],
  ])("tells an end for want of memory from others, by %s", async (file, text) => {
    const path = ground.path("sys/fs/cgroup", file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    ground.start();
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    ground.tmux("kill-server");
    expect(await ground.ended()).toBe(70);
    const takeOne = (count: number) => writeFileSync(path, text.replace("oom_kill 3", `oom_kill ${count}`));
    ground.start();
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    takeOne(4);
    process.kill(Number(ground.tmux("display-message", "-p", "#{pid}")), "SIGKILL");
    expect(await ground.ended()).toBe(71);
    expect(ground.read("dev/termination-log")).toContain("for want of memory");
    // A person's program was taken, and the server ended in order long after.
    ground.start();
    await ground.says((line) => line.kind === "state" && line.state.kind === "completed");
    takeOne(5);
    ground.tmux("kill-server");
    expect(await ground.ended()).toBe(70);
  });

  it("says that there is no tmux, where the image has none and none was brought", async () => {
    for (const each of ["bin", "usr"]) mkdirSync(ground.path(each));
    const script = ground.read("devpocket/init/tmux.sh").replaceAll("/usr/local/bin:/usr/bin:/bin", ground.path("bin"));
    rmSync(ground.path("devpocket/init/tmux.sh"));
    writeFileSync(ground.path("devpocket/init/tmux.sh"), script);
    ground.start({ variables: { PATH: ground.path("bin") } });
    expect(await ground.ended()).toBe(69);
    expect(ground.read("dev/termination-log")).toContain("this image has no tmux, and the bridge has no tools image");
  });

  it("waits for the bridge where a session is saved, and goes on with the one that it began", async () => {
    mkdirSync(ground.path("home/devpocket/.devpocket"));
    writeFileSync(ground.path("home/devpocket/.devpocket/session.json"), "{}");
    ground.start();
    await ground.becomes(/^waiting$/);
    ground.tmux("new-session", "-d", "-s", "main", "-n", "restored", "sh");
    await ground.becomes(/^completed$/);
    expect(ground.tmux("list-windows", "-F", "#{window_name}")).toBe("restored");
  });

  it.skipIf(!hasProcessNamespaces)(
    "reaps what is left to it, and ends everybody within seconds, as the first process",
    async () => {
      // Others on this machine have sleeps of their own.
      const seconds = `98${process.pid}`;
      ground.start({ isFirst: true, startup: ["trap '' TERM; sleep 1000"] });
      await ground.becomes(/^installing 0$/);
      ground.type(
        "for i in 1 2 3 4 5; do (sleep 0.1 & exec true); done; sleep 0.3; ps -eo stat= | grep -c Z; ps -o pid=,comm= 1",
      );
      await ground.shows(/^0\n\s+1 \S+/m);
      ground.type(`trap '' HUP TERM; setsid sleep ${seconds} & echo deaf-$((6*7))`);
      await ground.shows(/deaf-42/);
      expect(await ground.end()).toBe(0);
      expect(spawnSync("pgrep", ["-f", `sleep ${seconds}`]).status).toBe(1);
      expect(() => ground.tmux("has-session")).toThrow();
    },
  );
});
