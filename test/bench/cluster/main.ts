/** `npm run bench:cluster`: the figures of Kubernetes against the cluster that KUBECONFIG names; variables as in test/cluster. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/source-tree.ts";
import { machine, otherLoad } from "../machine.ts";
import { readOptions } from "../options.ts";
import { markdown } from "../report.ts";
import { kubernetesTables } from "./tables.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const options = readOptions(process.argv.slice(2));
if (options === "help") console.log("npm run bench:cluster -- [--quick]");
else {
  const head = `# Benchmark of ${new Date().toISOString()}\n\n${machine()}; ${await otherLoad()}.\n`;
  const report = [head, ...(await kubernetesTables("cluster", options)).map(markdown)].join("\n");
  console.log(report);
  mkdirSync(join(root, "test-results"), { recursive: true });
  writeFileSync(join(root, "test-results", "bench-cluster.md"), report);
}
