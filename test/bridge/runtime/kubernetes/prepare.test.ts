/** prepare.sh and tmux.sh as they run in a pod, in every shell of this machine; with tools, without, and on a volume that refuses. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PodGround, shells } from "../../../support/kubernetes/pod-ground.ts";

describe.each(shells)("under $name", ({ shell }) => {
  let ground: PodGround;
  beforeEach(() => {
    ground = new PodGround(shell);
  });
  afterEach(() => ground.dispose());

  const run = (script: string, args: string[] = [], variables: Record<string, string> = {}) => {
    const [program = "", ...first] = [...shell, ground.path("devpocket/init", script), ...args];
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin", ...variables };
    const { status, stdout, stderr } = spawnSync(program, first, { encoding: "utf8", env });
    return { status, said: stdout + stderr };
  };

  it("prepare.sh lays out the volume, twice as well as once, and brings the tools as they are", () => {
    const tools = ground.path("opt/devpocket/tools");
    mkdirSync(`${tools}/bin`, { recursive: true });
    writeFileSync(`${tools}/bin/busybox`, "of ours");
    mkdirSync(`${tools}/applets`);
    symlinkSync("../bin/busybox", `${tools}/applets/vi`);
    expect(run("prepare.sh")).toEqual({ status: 0, said: "" });
    writeFileSync(ground.path("devpocket/volume/workspace/kept"), "kept");
    expect(run("prepare.sh")).toEqual({ status: 0, said: "" });
    expect(ground.read("devpocket/volume/workspace/kept")).toBe("kept");
    expect(ground.read("devpocket/tools/applets/vi")).toBe("of ours");
    expect(readlinkSync(ground.path("devpocket/tools/applets/vi"))).toBe("../bin/busybox");
  });

  it("prepare.sh is content with an image that has no tools", () => {
    expect(run("prepare.sh")).toEqual({ status: 0, said: "" });
  });

  it("prepare.sh says what is wrong with a volume that it cannot use", () => {
    writeFileSync(ground.path("devpocket/volume/home"), "in the way");
    const { status, said } = run("prepare.sh");
    expect(status).toBe(1);
    expect(said).toMatch(/^# The volume cannot be written by user \d+: its storage class ignores fsGroup/);
    expect(`# ${ground.read("dev/termination-log")}\n`).toBe(said);
  });

  it("tmux.sh takes the tmux that was brought before the image's, and hides nothing of the image", () => {
    const tools = ground.path("devpocket/tools");
    mkdirSync(`${tools}/bin`, { recursive: true });
    mkdirSync(`${tools}/applets`);
    const tell = '#!/bin/sh\nprintf "%s\\n" "$PATH" "$TERMINFO_DIRS" "$TERM" "$LANG" "$@"\n';
    writeFileSync(`${tools}/bin/tmux`, tell, { mode: 0o755 });
    const { said } = run("tmux.sh", ["new-session", "a b"]);
    expect(said.split("\n")).toEqual([
      `/usr/local/bin:/usr/bin:/bin:${tools}/applets`,
      `:${tools}/share/terminfo`,
      "xterm-256color",
      "C.UTF-8",
      "-S",
      ground.path("devpocket/run/tmux.sock"),
      "-f",
      ground.path("devpocket/init/tmux.conf"),
      "-u",
      "new-session",
      "a b",
      "",
    ]);
    expect(run("tmux.sh", [], { LANG: "de_DE.UTF-8" }).said.split("\n")[3]).toBe("de_DE.UTF-8");
  });
});
