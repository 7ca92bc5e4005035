import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addMissingKeys } from "../../../bridge/dev/make-keys.ts";
import { formatEnvFile, givenVariables, readVariableFile } from "../../../bridge/dev/variables.ts";
import { root } from "../../support/source-tree.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "devpocket-vars-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("variables in development", () => {
  it("come from the shell before .dev.vars, and an empty one counts as not set", () => {
    writeFileSync(join(directory, ".dev.vars.example"), "# text\n# LOG_LEVEL=info\n# DEBUG=false\n# PORT=8000\n");
    writeFileSync(join(directory, ".dev.vars"), "LOG_LEVEL=warn\nDEBUG=true\nMY_OWN='a b'\n");
    const shell = { LOG_LEVEL: "debug", DEBUG: "", HOME: "/root" };
    expect(givenVariables(directory, shell)).toEqual({ LOG_LEVEL: "debug", DEBUG: "true", MY_OWN: "a b" });
  });

  it("survive the way through an env file", () => {
    const variables = { JWT_KEYS: '{"keys":[{"x":"a"}]}', DATABASE_URL: "postgresql://u:p'ä s#s=@h/d?x=1", EMPTY: "" };
    expect(parseEnv(formatEnvFile(variables))).toEqual(variables);
  });

  it("are refused when no env file can carry them", () => {
    expect(() => formatEnvFile({ TOKEN: "two\nlines" })).toThrow(/TOKEN/);
    expect(() => formatEnvFile({ TOKEN: "'\"`" })).toThrow(/TOKEN/);
  });
});

describe("npm run keys", () => {
  it("adds keys and never changes one", () => {
    const path = join(directory, ".dev.vars");
    writeFileSync(path, "LOG_LEVEL=debug");
    expect(addMissingKeys(directory)).toEqual(["JWT_KEYS", "ENVIRONMENT_KEYS", "BRIDGE_TOKEN"]);
    const made = readFileSync(path, "utf8");
    expect(addMissingKeys(directory)).toEqual([]);
    expect(readFileSync(path, "utf8")).toBe(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const variables = readVariableFile(path);
    const [key] = JSON.parse(variables["JWT_KEYS"] ?? "").keys;
    expect(createPrivateKey({ key, format: "jwk" }).asymmetricKeyType).toBe("ed25519");
    expect(variables["ENVIRONMENT_KEYS"]).toMatch(/^k[0-9a-f]{8}:[A-Za-z0-9_-]{43}$/);
    expect(variables["LOG_LEVEL"]).toBe("debug");
  });
});

describe(".dev.vars.example", () => {
  /** Not ours to explain. */
  const machineNames = new Set(["PATH", "NODE_ENV", "NODE_COMPILE_CACHE"]);
  /** Files that list variables as keys: the schemas of the Worker and the bridge, and what the supervisor sets. */
  const lists = [
    "workers/variables.ts",
    "bridge/config.ts",
    "bridge/kubernetes-variables.ts",
    "bridge/dev/supervisor.ts",
  ];
  const readers = [...lists, ...["bridge/dev", "migrations"].flatMap(sourcesBelow)];

  function sourcesBelow(folder: string): string[] {
    const paths = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    return paths.filter((path) => path.endsWith(".ts")).map((path) => join(folder, path));
  }
  function namesReadIn(path: string): string[] {
    const reads = /(?:environment|process\.env|given|variables)(?:\[")([A-Z][A-Z0-9_]+)"\]/g;
    const keys = lists.includes(path) ? /(?:^ {2,4}|\{ |, )([A-Z][A-Z0-9_]+):/gm : /(?!)/g;
    const text = readSource(path);
    return [...text.matchAll(reads), ...text.matchAll(keys)].map((match) => match[1] ?? "");
  }
  function readSource(path: string): string {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  it("names exactly the variables that are read, each with an explanation", () => {
    const read = new Set(readers.flatMap(namesReadIn).filter((name) => !machineNames.has(name)));
    const explained = Object.keys(readVariableFile(join(root, ".dev.vars.example"), true));
    expect(explained.sort()).toEqual([...read].sort());
  });
});
