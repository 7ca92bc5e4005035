/** `npm run bench`: runs the chosen sections one after the other and prints one Markdown report. Asserts no times. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/source-tree.ts";
import { burst } from "./burst.ts";
import { kubernetesTables } from "./cluster/tables.ts";
import { openContestants } from "./contestants.ts";
import { busyWorkerd } from "./cpu.ts";
import { echo } from "./echo.ts";
import { fanOut } from "./fan-out.ts";
import { files } from "./files/files.ts";
import { besideExpress } from "./http/beside.ts";
import { loginThroughput, loginTimes } from "./http/logins.ts";
import { middleware } from "./http/middleware.ts";
import { routes } from "./http/routes.ts";
import { machine, otherLoad } from "./machine.ts";
import { type BenchOptions, type ContestantName, help, readOptions, type SectionName } from "./options.ts";
import { createEnvironment, signUp } from "./products/account.ts";
import { startHarness } from "./products/harness.ts";
import { markdown, type Table } from "./report.ts";
import { requests } from "./requests.ts";
import { startup } from "./startup.ts";
import type { Contestant } from "./terminals/terminal.ts";

const sections: Record<SectionName, (options: BenchOptions) => Promise<Table[]>> = {
  echo: (options) => withContestants(options.contestants, options, echo),
  cat: (options) => withContestants(options.contestants, options, burst),
  "fan-out": (options) =>
    withContestants(
      options.contestants.filter((name) => name !== "floor"),
      options,
      fanOut,
    ),
  http,
  startup,
  files,
  kubernetes: (options) => kubernetesTables("fake", options),
};

// Ending by a signal runs no "exit" handlers, which end what was started; ending through this does.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const options = readOptions(process.argv.slice(2));
if (options === "help") console.log(help);
else await bench(options);

/** Prints every table as it comes and keeps the whole report in a file. */
async function bench(options: BenchOptions): Promise<void> {
  const head = `# Benchmark of ${new Date().toISOString()}\n\n${machine()}; ${await otherLoad()}.\n`;
  console.log(head);
  const report = [head];
  for (const name of options.sections) {
    for (const table of await sections[name](options)) {
      const text = markdown(table);
      report.push(text);
      console.log(text);
    }
  }
  const directory = join(root, "test-results");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "bench.md"), report.join("\n"));
}

/** Each section gets contestants of its own, so that nobody else is attached to their shells. */
async function withContestants(
  names: readonly ContestantName[],
  options: BenchOptions,
  section: (contestants: readonly Contestant[], options: BenchOptions) => Promise<Table>,
): Promise<Table[]> {
  const opened = await openContestants(names);
  try {
    return [await section(opened.contestants, options)];
  } finally {
    await opened.close();
  }
}

/** The product and its yardsticks in one Worker, so that nothing but their code tells them apart. */
async function http(options: BenchOptions): Promise<Table[]> {
  const product = await startHarness({ entry: "test/bench/worker/index.ts" });
  const { productUrl: url, databaseUrl } = product;
  try {
    const account = await signUp(url);
    const environmentId = await createEnvironment(url, account.token, "bench"); // the list has something to tell
    const target = { url, account, environmentId };
    const spin = async () => void (await (await fetch(`${url}/bench/spin?times=300000000`)).text());
    const pid = await busyWorkerd(product.pid, spin);
    return [
      ...(await requests(await routes(target), pid, options)),
      await middleware(target, pid, options),
      await loginThroughput(target, pid, options),
      await loginTimes(target, options),
      await besideExpress(target, databaseUrl, options),
    ];
  } finally {
    await product.close();
  }
}
