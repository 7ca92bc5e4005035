/** A disk of a pod that is full in the middle: what is said, and that nothing half-made is left. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { refusedExit } from "../../../../bridge/runtime/kubernetes/files/scripts/prelude.ts";
import { type Script, scriptProgram } from "../../../../bridge/runtime/kubernetes/files/scripts.ts";
import type { Pod } from "../../../../bridge/runtime/kubernetes/pod.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, podOn, startUp } from "./ground.ts";

let ground: ClusterGround;
let pod: Pod;
const upload = "0".repeat(20);

beforeAll(async () => {
  ground = await makeGround();
  const runtime = ground.open();
  const environment = desiredEnvironment();
  await startUp(runtime, environment);
  await runtime.close();
  pod = podOn(ground, environment.id);
}, 60_000);
afterAll(() => ground.dispose());

/** No file becomes larger than so many blocks of 512 bytes; signal 25, which would say so, is not heard. */
const withBlocks = (blocks: number, script: Script, args: string[], input: Buffer) =>
  pod.run(["/bin/sh", "-c", `trap '' 25; ulimit -f ${blocks}; exec "$@"`, "sh", ...scriptProgram(script, args)], {
    input,
  });
const left = async () =>
  (await pod.run(["/bin/sh", "-c", "cd /workspace; find . -mindepth 1 ! -name .devpocket"])).stdout.toString().trim();
const refused = { exitCode: refusedExit, stderr: "no_space" };

it.each([
  ["write", ["fresh", "a/b", "any", "300000"]],
  ["lay", ["fresh", "300000"]],
] as const)("%s leaves nothing", async (script, args) => {
  expect(await withBlocks(100, script, [...args], Buffer.alloc(300_000))).toMatchObject(refused);
  expect(await left()).toBe("");
});

it("an upload is not begun by halves, and a part that does not fit is none", async () => {
  const wish = Buffer.from("{}");
  const begin = (blocks: number) => withBlocks(blocks, "begin", [upload, String(wish.length)], wish);
  expect(await begin(0)).toMatchObject(refused);
  expect(await left()).toBe("");
  expect(await begin(1)).toMatchObject({ exitCode: 0 });
  expect(await begin(1)).toMatchObject({ exitCode: refusedExit, stderr: "path_exists" });
  expect(await withBlocks(100, "part", [upload, "0", "300000"], Buffer.alloc(300_000))).toMatchObject(refused);
  expect((await pod.run(scriptProgram("find", [upload]))).stdout.toString()).toBe("{}\0");
});
