/** `npm run bench:cluster`: the figures of Kubernetes against the cluster that KUBECONFIG names; variables as in test/cluster. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onInterruption } from "../../support/interruption.ts";
import { root } from "../../support/source-tree.ts";
import { machine, otherLoad } from "../machine.ts";
import { type BenchOptions, readOptions } from "../options.ts";
import { markdown } from "../report.ts";
import { kubernetesTables } from "./tables.ts";

const interruption = new AbortController();
onInterruption((signal) => {
  console.error(`${signal}: removing what was made on the cluster`);
  interruption.abort(new Error(`interrupted by ${signal}`));
});
const options = readOptions(process.argv.slice(2));
if (options === "help") console.log("npm run bench:cluster -- [--quick]");
else await bench(options);

async function bench(options: BenchOptions): Promise<void> {
  const head = `# Benchmark of ${new Date().toISOString()}\n\n${machine()}; ${await otherLoad()}.\n`;
  try {
    const report = [head, ...(await kubernetesTables("cluster", options, interruption.signal)).map(markdown)].join(
      "\n",
    );
    console.log(report);
    mkdirSync(join(root, "test-results"), { recursive: true });
    writeFileSync(join(root, "test-results", "bench-cluster.md"), report);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.error(`${interruption.signal.reason}`);
    // Parts that were cut short may still wait for something.
    process.exit(1);
  }
}
