/** What is printed for somebody who reads no further. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const reader = fileURLToPath(new URL("../../../bridge/check/reader.ts", import.meta.url));

/** Prints lines one after the other into a pipe that nobody reads. */
function printInto(first: string) {
  const lines = 'for (let n = 0; n < 4; n += 1) { await new Promise(setImmediate); console.log("line"); }';
  const script = `import { outliveReader } from ${JSON.stringify(reader)}; ${first} ${lines} console.error("at its end");`;
  const command = ["-c", '"$@" | :', "sh", process.execPath, "--input-type=module-typescript", "-e", script];
  return spawnSync("/bin/sh", command, { encoding: "utf8" }).stderr;
}

it("goes on to its end without a word", () => {
  expect(printInto("outliveReader(process.stdout);")).toBe("at its end\n");
  expect(printInto("")).toContain("EPIPE");
});
