/** What the figures were measured on, and how busy it was meanwhile. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { root } from "../support/source-tree.ts";

/** A line on the machine and the programs that matter. */
export function machine(): string {
  const [first] = cpus();
  const memoryGigabytes = Math.round(totalmem() / 2 ** 30);
  const tmux = execFileSync("tmux", ["-V"]).toString().trim();
  const wrangler = versionOf("wrangler");
  const workerd = versionOf("workerd");
  return `${cpus().length} x ${first?.model ?? "unknown"}, ${memoryGigabytes} GiB, Node ${process.version}, ${tmux}, wrangler ${wrangler}, workerd ${workerd}`;
}

function versionOf(name: string): string {
  const text = readFileSync(`${root}/node_modules/${name}/package.json`, "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}

/** CPU seconds used by everything on this machine since it booted, from /proc/stat (Linux; 100 ticks a second). */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = readFileSync("/proc/stat", "utf8")
    .slice("cpu ".length, 200)
    .trim()
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softIrq) / 100;
}

/** Watches an idle second: how much of the machine others take before the benchmark has started anything. */
export async function otherLoad(): Promise<string> {
  const seconds = 1;
  const before = busySeconds();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const percent = Math.round(((busySeconds() - before) / seconds / cpus().length) * 100);
  return `others used ${percent} % of the processors before the run, load average ${loadavg()[0]?.toFixed(1)}`;
}
