/** prepare.sh, accounts.sh and tmux.sh as they run in a pod, in every shell of this machine; with tools, without, and on a volume that refuses. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

  const accounts = (files: Record<string, string>, number = "1000", directory = "devpocket/accounts") => {
    for (const each of ["etc", "devpocket/accounts"]) mkdirSync(ground.path(each), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(ground.path("etc", name), text);
    expect(run("accounts.sh", [number, ground.path(directory)])).toEqual({ status: 0, said: "" });
    const lines = (name: string) => ground.read(`${directory}/${name}`).split("\n").slice(0, -1);
    return { passwd: lines("passwd"), group: lines("group") };
  };
  const home = () => ground.path("home/devpocket");
  const anyShell = expect.stringMatching(/^devpocket(-1000)?:x:1000:1000::\S+home\/devpocket:\/\S*sh$/);

  it("accounts.sh adds its user to what the image has, whatever stands there", () => {
    const passwd = "root:x:0:0:root:/root:/bin/bash\n# a remark\n\n+::::::\ngames:x:5:1000::/usr/games:";
    const made = accounts({ passwd, group: "root:x:0:\nstaff:x:50:a,b" });
    expect(made.passwd).toEqual([...passwd.split("\n"), anyShell]);
    expect(made.group).toEqual(["root:x:0:", "staff:x:50:a,b", "devpocket:x:1000:"]);
    expect(made.passwd.at(-1)).toContain(`:${home()}:`);
  });

  it("accounts.sh leaves the image's user its name and its shell, and gives it our home and group", () => {
    const passwd =
      "root:x:0:0::/root:/bin/sh\nnode:x:1000:100:Node,,,:/home/node:/bin/sh\nsecond:x:1000:1000::/:/bin/sh\n";
    const made = accounts({ passwd, group: "users:x:100:\nnode:x:1000:node\n" });
    expect(made.passwd[1]).toBe(`node:x:1000:1000:Node,,,:${home()}:/bin/sh`);
    expect(made.passwd[2]).toBe("second:x:1000:1000::/:/bin/sh");
    expect(made.group).toEqual(["users:x:100:", "node:x:1000:node"]);
    const locked = accounts({ passwd: "ubuntu:x:1000:1000::/:/usr/sbin/nologin\n" });
    expect(locked.passwd).toEqual([expect.stringMatching(/^ubuntu:x:1000:1000::\S+:\/\S*\/(ba)?sh$/)]);
  });

  it("accounts.sh takes no name that somebody has, and makes both files where the image has none", () => {
    const made = accounts({ passwd: "devpocket:x:7:7::/:/bin/sh\n", group: "devpocket:x:7:\n" });
    expect(made.passwd[1]).toMatch(/^devpocket-1000:x:1000:1000:/);
    expect(made.group[1]).toBe("devpocket-1000:x:1000:");
    rmSync(ground.path("etc"), { recursive: true });
    mkdirSync(ground.path("etc/group"), { recursive: true });
    expect(accounts({})).toEqual({
      passwd: ["root:x:0:0:root:/root:/bin/sh", anyShell],
      group: ["root:x:0:", "devpocket:x:1000:"],
    });
  });

  it("accounts.sh takes very many for as many lines, and follows a link to where an image keeps them", () => {
    const many = Array.from(
      { length: 20_000 },
      (_, n) => `user-${n}:x:${2_000 + n}:100:Somebody ${n}:/home/${n}:/bin/sh`,
    );
    mkdirSync(ground.path("etc/static"), { recursive: true });
    writeFileSync(ground.path("etc/static/passwd"), `${many.join("\n")}\n`);
    symlinkSync("static/passwd", ground.path("etc/passwd"));
    symlinkSync("nowhere", ground.path("etc/group"));
    const made = accounts({});
    expect(made.passwd.slice(0, -1)).toEqual(many);
    expect(made.passwd.at(-1)).toEqual(anyShell);
    expect(made.group).toEqual(["root:x:0:", "devpocket:x:1000:"]);
  });

  it("accounts.sh needs nothing but its shell, and says when it cannot write", () => {
    mkdirSync(ground.path("devpocket/accounts"));
    const args = ["1000", ground.path("devpocket/accounts")];
    expect(run("accounts.sh", args, { PATH: "/nowhere" })).toEqual({ status: 0, said: "" });
    expect(ground.read("devpocket/accounts/passwd")).toContain(`:${home()}:/bin/sh\n`);
    const { status, said } = run("accounts.sh", ["1000", ground.path("nowhere")]);
    expect(status).toBe(1);
    expect(said).toContain("# The names of its users could not be written\n");
  });

  it("accounts.sh changes the image's own files for root", () => {
    const made = accounts(
      { passwd: "root:x:0:0:root:/root:/bin/sh\nb:x:1:1::/:/bin/sh\n", group: "root:x:0:\n" },
      "0",
      "etc",
    );
    expect(made).toEqual({
      passwd: [`root:x:0:0:root:${home()}:/bin/sh`, "b:x:1:1::/:/bin/sh"],
      group: ["root:x:0:"],
    });
  });

  it("prepare.sh goes on as accounts.sh where it is told a number", () => {
    mkdirSync(ground.path("devpocket/accounts"));
    expect(run("prepare.sh", ["1000", ground.path("devpocket/accounts")])).toEqual({ status: 0, said: "" });
    expect(ground.read("devpocket/accounts/group")).toContain("devpocket:x:1000:");
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
