/** `npm run bench:terminal`: measures the terminal's targets one after the other and says which were missed. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/source-tree.ts";
import { machine, otherLoad } from "../machine.ts";
import { markdown } from "../report.ts";
import { scratchDirectory } from "../scratch.ts";
import { type Relay, relay } from "../terminals/relay.ts";
import { type TmuxServer, tmuxServer } from "../terminals/tmux-server.ts";
import { echoAdded, tmuxConfiguration } from "./echo-added.ts";
import { integrity } from "./integrity.ts";
import { joins } from "./joins.ts";
import { help, readOptions, type TargetName, type TargetOptions } from "./options.ts";
import { paste } from "./paste.ts";
import { reset } from "./reset.ts";
import { resume } from "./resume.ts";
import { sleep } from "./sleep.ts";
import { slowWay } from "./slow-way.ts";
import { openStage, type Stage } from "./stage.ts";
import { stalled } from "./stalled.ts";
import { missed, type Target, tableOf } from "./target.ts";
import { characters, messages, twoTypists, wire } from "./traffic.ts";

interface Scene {
  stage: Stage;
  tmux: TmuxServer;
  peer: Relay;
}

type Measure = (scene: Scene, options: TargetOptions) => Promise<Target | Target[]>;

const measures: Record<TargetName, Measure> = {
  integrity: ({ stage }, { cuts }) => integrity(stage, cuts),
  joins: ({ stage }, options) => joins(stage, options.joins),
  resume: ({ stage }, { rounds }) => resume(stage, rounds * 10),
  slow: ({ stage, peer }, { floodSeconds }) => slowWay(stage, floodSeconds, peer),
  stalled: ({ stage }) => stalled(stage),
  echo: ({ stage, tmux, peer }, { rounds }) => echoAdded(stage, tmux, peer, rounds),
  messages: ({ stage }, { floodSeconds }) => messages(stage, floodSeconds),
  typists: ({ stage }, { typistSeconds }) => twoTypists(stage, typistSeconds),
  paste: ({ stage }) => paste(stage),
  characters: ({ stage }) => characters(stage),
  reset: ({ stage }, { viewers }) => reset(stage, viewers),
  sleep: ({ stage }, { idleSeconds }) => sleep(stage, idleSeconds),
  wire: ({ stage }, { floodSeconds }) => wire(stage, floodSeconds),
};

/** Those that cut the bridge's way. */
const cutting: ReadonlySet<TargetName> = new Set(["integrity", "paste"]);

// Ending by a signal runs no "exit" handlers, which end what was started; ending through this does.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const options = readOptions(process.argv.slice(2));
if (options === "help") console.log(help);
else await measure(options);

async function measure(options: TargetOptions): Promise<void> {
  const head = `# Terminal targets, ${new Date().toISOString()}\n\n${machine()}; ${await otherLoad()}.\n`;
  console.log(head);
  const report = [head];
  const targets: Target[] = [];
  for (const name of options.targets) {
    for (const target of await onNewScene(cutting.has(name), (scene) => measures[name](scene, options))) {
      targets.push(target);
      report.push(markdown(tableOf(target)));
      console.log(report.at(-1));
    }
  }
  const misses = missed(targets);
  const verdict = misses.length === 0 ? "All targets met." : `Missed:\n${misses.map((line) => `- ${line}`).join("\n")}`;
  console.log(verdict);
  const directory = join(root, "test-results");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "bench-terminal.md"), [...report, verdict, ""].join("\n"));
  process.exitCode = misses.length === 0 ? 0 : 1;
}

/** A product of its own for each, so that none is measured beside what another left behind. */
async function onNewScene(isCuttable: boolean, act: (scene: Scene) => Promise<Target | Target[]>): Promise<Target[]> {
  const directory = scratchDirectory();
  const tmux = tmuxServer(tmuxConfiguration, directory.path);
  const peer = await relay(tmux);
  const stage = await openStage({ isCuttable });
  try {
    return [await act({ stage, tmux, peer })].flat();
  } finally {
    await stage.close();
    await peer.close();
    await tmux.close();
    directory.remove();
  }
}
