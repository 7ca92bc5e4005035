/** Programs of an environment that do nothing of a transfer are given up, with all they held; a person is waited for. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bytes, EnvironmentFiles } from "../../../bridge/runtime/files.ts";
import type { KubernetesRuntime } from "../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { desiredEnvironment } from "./contract.ts";
import { bytes, codeOf, textOf, whatever } from "./files-contract.ts";
import { type ClusterGround, makeGround, podOn, startUp } from "./kubernetes/ground.ts";
import { makeLocalFiles } from "./local-files-ground.ts";

const within = { timeout: 15_000, interval: 50 };
const block = Buffer.alloc(262_144, "x");
const forOneHour = 3_600_000;

/** Only what is begun from now on waits by it. */
const turnClock = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
afterEach(() => void vi.useRealTimers());

describe("in a pod", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;
  let files: EnvironmentFiles;
  let sh: (script: string) => Promise<string>;
  let openExecs: number;

  beforeEach(async () => {
    ground = await makeGround();
    runtime = ground.open();
    const { id } = desiredEnvironment();
    const environment = { ...desiredEnvironment(), id };
    await startUp(runtime, environment);
    files = await runtime.files(id);
    const pod = podOn(ground, id);
    sh = async (script) => (await pod.run(["sh", "-c", `cd /workspace; ${script}`])).stdout.toString().trim();
    await sh("head -c 8000000 /dev/zero >large");
    openExecs = ground.cluster.exec.count;
  });
  afterEach(async () => {
    vi.useRealTimers();
    await runtime.close();
    await ground.dispose();
  });
  const stop = async (program: string) => {
    await vi.waitUntil(async () => (await sh(`pgrep -x ${program}`)) !== "", within);
    await sh(`pkill -STOP -x ${program}`);
  };
  const isOver = (program: string) =>
    vi.waitFor(async () => {
      expect(await sh(`pgrep -x ${program}`)).toBe("");
      expect(ground.cluster.exec.count).toBe(openExecs);
      expect(await sh("ls -A .devpocket 2>/dev/null")).toBe("");
    }, within);

  it("a write ends, and leaves neither a program nor a connection nor a file", async () => {
    turnClock();
    const body = async function* (): Bytes {
      yield block;
      await stop("head");
      yield block;
    };
    const written = codeOf(files.write("new", body(), { length: 2 * block.length, ...whatever }));
    await vi.waitUntil(async () => (await sh("ps -o stat= -C head")).startsWith("T"), within);
    await vi.advanceTimersByTimeAsync(timing.transferStuckMs);
    expect(await written).toBe("unavailable");
    await isOver("head");
    expect(await sh("ls")).toBe("large");
  });

  it("a reading ends", async () => {
    turnClock();
    const read = (await files.open("large")).read(1, 7_999_999)[Symbol.asyncIterator]();
    await read.next();
    await stop("head");
    const rest = codeOf(textOf({ [Symbol.asyncIterator]: () => read }));
    for (let turns = 0; turns < 3; turns += 1) await vi.advanceTimersByTimeAsync(timing.transferStuckMs);
    expect(await rest).toBe("unavailable");
    await isOver("head");
  });

  it("a person who stands still is waited for", async () => {
    turnClock();
    const person = Promise.withResolvers<void>();
    const isAsked = Promise.withResolvers<void>();
    const body = async function* (): Bytes {
      yield Buffer.from("a");
      isAsked.resolve();
      await person.promise;
      yield Buffer.from("b");
    };
    const written = files.write("slow", body(), { length: 2, ...whatever });
    await isAsked.promise;
    await vi.advanceTimersByTimeAsync(forOneHour);
    person.resolve();
    expect((await written).file.size).toBe(2);
    const read = (await files.open("large")).read(0, 8_000_000)[Symbol.asyncIterator]();
    let size = (await read.next()).value?.byteLength ?? 0;
    await vi.advanceTimersByTimeAsync(forOneHour);
    for (let next = await read.next(); next.done !== true; next = await read.next()) size += next.value.byteLength;
    expect(size).toBe(8_000_000);
  });
});

it("on this machine an archive ends whose program does nothing", async () => {
  const { files, dispose } = await makeLocalFiles();
  const large = Buffer.alloc(4_000_000);
  await files.write("large", bytes(large), { length: large.length, ...whatever });
  turnClock();
  const read = (await files.pack("")).body[Symbol.asyncIterator]();
  await read.next();
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").map(Number);
  const tars = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "tar\n");
  expect(tars).toHaveLength(1);
  process.kill(tars[0] ?? 0, "SIGSTOP");
  const rest = codeOf(textOf({ [Symbol.asyncIterator]: () => read }));
  for (let turns = 0; turns < 3; turns += 1) await vi.advanceTimersByTimeAsync(timing.transferStuckMs);
  expect(await rest).toBe("unavailable");
  vi.useRealTimers();
  await dispose();
});
