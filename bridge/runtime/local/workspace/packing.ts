/** Archives down: the machine's `tar` reads a directory and we pass on what it prints, no faster than it is taken. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stagingName } from "../../../../durable-objects/protocol/file-paths.ts";
import type { Bytes } from "../../files.ts";
import { patiently } from "../../patiently.ts";
import { RuntimeFailure } from "../../runtime.ts";

/** What changes while it is read is archived as it was when it was; what may not be read is left out. */
const always = ["--create", "--file=-", "--ignore-failed-read", "--hard-dereference"];
const changedMeanwhile = 1;

/** An archive of `name` in a directory, or of the directory itself for `.`. Whoever ends the loop early ends `tar`. */
export async function* packed(directory: string, name: string, machinePath: string): Bytes {
  const names = [`--exclude=./${stagingName}`, "--", name === "." ? "." : `./${name}`];
  const tar = spawn("tar", [...always, ...names], {
    cwd: directory,
    env: { PATH: machinePath, LANG: "C.UTF-8" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(tar, "close");
  const output: AsyncIterator<Uint8Array> = tar.stdout[Symbol.asyncIterator]();
  const next = () => patiently(output.next());
  try {
    for (let { done, value } = await next(); done !== true; { done, value } = await next()) yield value;
    const [code] = await ended;
    if (code !== 0 && code !== changedMeanwhile) throw new RuntimeFailure("unavailable", `tar ended with ${code}`);
  } finally {
    tar.stdout.destroy();
    tar.kill("SIGKILL");
    await ended.catch(() => undefined);
  }
}
