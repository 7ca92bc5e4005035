/** A run that is told to end by its process group and by npm is told once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

const module = new URL("interruption.ts", import.meta.url).href;
const script = `
import { onInterruption } from ${JSON.stringify(module)};
onInterruption((signal) => {
  console.log("ends by", signal);
  process.stdin.once("data", () => process.exit(7));
});
process.stdin.resume();
console.log("runs");
`;

it.each(["SIGTERM", "SIGINT"] as const)("ends in order when %s comes twice at once", async (signal) => {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  const hears = async (text: string) => {
    while (!said.includes(text)) said += String((await once(child.stdout, "data"))[0]);
  };
  const ended = once(child, "exit");
  await hears("runs");
  child.kill(signal);
  await hears(`ends by ${signal}`);
  child.kill(signal);
  child.stdin.write("now\n");
  expect(await ended).toEqual([7, null]);
  expect(said.match(/ends by/g)).toHaveLength(1);
});
