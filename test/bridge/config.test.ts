/** The bridge's variables: what they default to, what is refused, and that no value is ever told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readConfig } from "../../bridge/config.ts";

const directory = mkdtempSync(join(tmpdir(), "devpocket-config-"));
const file = join(directory, ".dev.vars");
const token = `dp_bridge_${"x".repeat(43)}`;
afterAll(() => rmSync(directory, { recursive: true }));

describe("the bridge's configuration", () => {
  it("is a production bridge of this machine unless told otherwise", () => {
    expect(readConfig({ BRIDGE_TOKEN: token }, file)).toMatchObject({
      edgeUrl: "http://localhost:8000",
      runtime: "local",
      healthPort: null,
      metrics: null,
      isProduction: true,
      logLevel: "info",
      logFormat: "json",
    });
  });

  it("takes from the file what the process does not say, and passes over empty values", () => {
    writeFileSync(file, `BRIDGE_TOKEN=${token}\nLOG_LEVEL=debug\nENVIRONMENT=test\n`);
    const config = readConfig({ LOG_LEVEL: "warn", DEVPOCKET_URL: "", BRIDGE_HEALTH_PORT: "25590" }, file);
    expect(config).toMatchObject({ token, logLevel: "warn", isProduction: false, healthPort: 25_590 });
    const metered = readConfig({ BRIDGE_TOKEN: token, BRIDGE_METRICS_PORT: "25591" }, file);
    expect(metered.metrics).toEqual({ port: 25_591, address: "127.0.0.1" });
    rmSync(file);
  });

  it("hands environments the machine's PATH without npm's part of it", () => {
    const PATH = "/w/node_modules/.bin:/usr/local/bin:/w/node_modules/npm/bin:/usr/bin";
    expect(readConfig({ BRIDGE_TOKEN: token, PATH }, file).machinePath).not.toContain("/node_modules/npm");
    expect(readConfig({ BRIDGE_TOKEN: token, PATH }, file).machinePath).toMatch(/\/usr\/local\/bin.*:\/usr\/bin$/);
  });

  it.each([
    ["BRIDGE_TOKEN", "hunter2", "is not a bridge token"],
    ["DEVPOCKET_URL", "ftp://hunter2", "is not an http(s) URL"],
    ["BRIDGE_RUNTIME", "hunter2", "is neither local nor kubernetes"],
    ["BRIDGE_HEALTH_PORT", "hunter2", "is not a port"],
    ["ENVIRONMENT", "hunter2", "is neither development, test nor production"],
    ["LOG_LEVEL", "hunter2", "is none of"],
    ["LOG_FORMAT", "hunter2", "is neither json nor pretty"],
  ])("names %s and what is wrong with it, never its value", (name, value, complaint) => {
    const read = () => readConfig({ BRIDGE_TOKEN: token, [name]: value }, file);
    expect(read).toThrow(`${name} ${complaint}`);
    expect(read).not.toThrow(/hunter2/);
  });

  it("says where a missing token comes from", () => {
    expect(() => readConfig({}, file)).toThrow("BRIDGE_TOKEN is missing (npm run keys makes one)");
  });
});
