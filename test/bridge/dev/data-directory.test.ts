/** The directory of `npm run dev`: whose it is, and what it keeps to itself. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  announceDatabase,
  currentRun,
  leaveDirectory,
  makeDataDirectory,
  readSecrets,
  takeDirectory,
} from "../../../bridge/dev/data-directory.ts";

/** Larger than any process number of Linux. */
const nobodysPid = 2 ** 22 + 1;
let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "devpocket-directory-")), "data");
  makeDataDirectory(directory);
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true, force: true }));

const modeOf = (name: string) => statSync(join(directory, name)).mode & 0o777;

describe("the data directory", () => {
  it("keeps itself out of git, and lets others pass at most", () => {
    expect(readFileSync(join(directory, ".gitignore"), "utf8")).toBe("*\n");
    expect(statSync(directory).mode & 0o066).toBe(0);
  });

  it("is told in one line when it cannot be made", () => {
    writeFileSync(join(directory, "file"), "");
    expect(() => makeDataDirectory(join(directory, "file", "data"))).toThrow(/^cannot write to the data directory/);
  });

  it("makes its secrets once, for its owner only, and adds those that are missing", () => {
    const secrets = readSecrets(directory);
    expect(modeOf("secrets.json")).toBe(0o600);
    expect(secrets.BRIDGE_TOKEN).toMatch(/^dp_bridge_[A-Za-z0-9_-]{43}$/);
    expect(readSecrets(directory)).toEqual(secrets);
    const { BRIDGE_TOKEN, ...older } = secrets;
    writeFileSync(join(directory, "secrets.json"), JSON.stringify(older));
    expect(readSecrets(directory)).toMatchObject(older);
  });

  it("belongs to one living run at a time, which tells where its database is", async () => {
    expect(currentRun(directory)).toBeNull();
    await takeDirectory(directory, nobodysPid);
    announceDatabase(directory, "postgres://here");
    expect(currentRun(directory)).toMatchObject({ supervisor: { pid: process.pid }, databaseUrl: "postgres://here" });
    expect(modeOf("run.json")).toBe(0o600);
    await expect(takeDirectory(directory, nobodysPid)).rejects.toThrow(`(process ${process.pid})`);
    leaveDirectory(directory);
    await takeDirectory(directory, nobodysPid);
  });

  it.each([
    ["a dead process", { supervisor: { pid: nobodysPid, start: "1" }, reaper: { pid: nobodysPid, start: "1" } }],
    [
      "another process of the same number",
      { supervisor: { pid: process.pid, start: "1" }, reaper: { pid: 1, start: "" } },
    ],
  ])("is free when its run file names %s", async (_, run) => {
    writeFileSync(join(directory, "run.json"), JSON.stringify({ ...run, databaseUrl: null }));
    await takeDirectory(directory, nobodysPid);
    expect(currentRun(directory)?.supervisor.pid).toBe(process.pid);
  });

  it("is free when a crash cut its run file short", async () => {
    writeFileSync(join(directory, "run.json"), '{"supervisor":{"pid":');
    announceDatabase(directory, "postgres://nowhere");
    await takeDirectory(directory, nobodysPid);
    expect(currentRun(directory)?.databaseUrl).toBeNull();
  });
});
