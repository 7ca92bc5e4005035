/**
 * Check 19, where it would hurt: names, variables and everything else of an environment go through a real shell and a
 * real tmux, and the file that each of them tries to make is not there.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalRuntime } from "../../../bridge/runtime/local/local-runtime.ts";
import { hostileTexts } from "../../support/hostile-texts.ts";
import { disposeDataDir, machinePath } from "../support/bridge.ts";
import { viewerOf } from "../support/viewer.ts";
import { desiredEnvironment } from "./contract.ts";

const size = { cols: 120, rows: 30 };

describe("what people write", { timeout: 60_000 }, () => {
  let directory: string;
  let canary: string;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "dp-injection-"));
    canary = join(directory, "canary");
    runtime = new LocalRuntime({ dataDir: join(directory, "data"), machinePath, isProduction: false });
  });
  afterAll(async () => {
    await runtime.close();
    await disposeDataDir(join(directory, "data"));
    await rm(directory, { recursive: true, force: true });
  });

  it("is data to a shell and to tmux, wherever it stands", async () => {
    const texts = hostileTexts(canary);
    const all = texts.join("\n");
    const variables = Object.fromEntries(texts.map((text, index) => [`TEXT_${index}`, text]));
    const environment = desiredEnvironment({
      name: all,
      template_id: all,
      image: all,
      environment_variables: variables,
      startup_commands: ["true"],
    });
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
    const stream = await runtime.attach(environment.id, "main", size);
    const prompt = viewerOf(stream, size);
    for (const [name, text] of Object.entries(variables)) {
      const hex = await prompt.ask(`printf %s "$${name}" | od -An -tx1 | tr -d ' \\n'`);
      expect([name, Buffer.from(hex, "hex").toString()]).toEqual([name, text]);
    }
    stream.resize({ cols: 61, rows: 17 });
    await runtime.apply(
      { kind: "restart", environment: { ...environment, generation: 2 } },
      AbortSignal.timeout(20_000),
    );
    const again = viewerOf(await runtime.attach(environment.id, "main", size), size);
    expect(await again.ask("echo $((6*7))")).toBe("42");
    expect(existsSync(canary)).toBe(false);
  });

  it("that runs by intent is one argument of one shell, and no other text of the environment with it", async () => {
    const environment = desiredEnvironment({
      name: `$(touch ${canary})`,
      environment_variables: { TARGET: `"; touch ${canary}; "` },
      startup_commands: ['printf "%s" "$TARGET" > told.txt'],
    });
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
    const prompt = viewerOf(await runtime.attach(environment.id, "main", size), size);
    await prompt.ask("while ! [ -e told.txt ]; do sleep 0.1; done; echo there");
    const hex = await prompt.ask("od -An -tx1 told.txt | tr -d ' \\n'");
    expect(Buffer.from(hex, "hex").toString()).toBe(`"; touch ${canary}; "`);
    expect(existsSync(canary)).toBe(false);
  });
});
