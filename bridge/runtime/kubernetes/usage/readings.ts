/**
 * What an environment in a pod uses: CPU and memory by metrics.k8s.io, else by the files of its cgroup; its volume by `df` in
 * the pod. Percentages are of the environment's limits; what cannot be told is null with the reason. Pure but for the asking.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Resources } from "../../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../../durable-objects/protocol/bridge-link.ts";
import { ClusterProblem } from "../client/problem.ts";
import { places } from "../manifests/places.ts";
import { environmentContainer } from "../manifests/pod.ts";
import { parseQuantity } from "../manifests/quantities.ts";
import { type Pod, printedBy } from "../pod.ts";
import { type Look, parseLook } from "./look.ts";

const lookWithinMs = 10_000;
/** Counting very many files takes long. */
const diskFreshMs = 300_000;
const firstCpuLookMs = 250;
/** A file system that is so much larger than the claim is shared with others: then the files themselves are counted. */
const sharedFactor = 1.5;

const metricsSchema = z.object({
  containers: z.array(z.object({ name: z.string(), usage: z.object({ cpu: z.string(), memory: z.string() }) })),
});

/** Cores and bytes. */
interface Usage {
  cores: number | null;
  memoryBytes: number | null;
}

/** Arguments: the largest size in KiB that `df` may tell of this volume; empty = nothing of it is asked. Prints lines for `parseLook`. */
const lookScript = `PATH=/usr/local/bin:/usr/bin:/bin:${places.tools}/applets
show() { [ -r "$2" ] && printf '%s %s\\n' "$1" "$(cat "$2")"; }
group=/sys/fs/cgroup
show memory "$group/memory.current" || show memory "$group/memory/memory.usage_in_bytes"
if [ -r "$group/cpu.stat" ]; then
  while read -r name value; do [ "$name" != usage_usec ] || echo "cpu $value"; done <"$group/cpu.stat"
else
  show cpu1 "$group/cpuacct/cpuacct.usage" || show cpu1 "$group/cpu,cpuacct/cpuacct.usage"
fi
while read -r name received _ _ _ _ _ _ _ sent _; do
  case $name in *:) [ "$name" = lo: ] || echo "net $received $sent" ;; esac
done </proc/net/dev
for process in /proc/[0-9]*; do
  while read -r name value _; do [ "$name" != VmRSS: ] || echo "rss $value"; done 2>/dev/null <"$process/status"
  read -r line 2>/dev/null <"$process/stat" && echo "ticks \${line##*) }"
done
[ -z "$1" ] || df -kP ${places.workspace} 2>/dev/null | while read -r _ size used _; do
  case $size in
    *[!0-9]*) ;;
    *)
      if [ "$size" -le "$1" ]; then echo "disk $used"
      else du -sk ${places.workspace} ${places.home} 2>/dev/null | while read -r part _; do echo "disk $part"; done
      fi
      ;;
  esac
done
read -r up _ </proc/uptime && echo "at $up"`;

/** Remembers the last look at one container, since processor time only says something between two. */
export class UsageReader {
  readonly #pod: Pod;
  #last: Look | null = null;
  #disk: { atMs: number; bytes: number } | null = null;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  async read(limit: Resources, startedAt: number | null, at: Date): Promise<Readings> {
    const [metrics, look] = await Promise.all([this.#metrics(), this.#look(limit)]);
    const cores = metrics.cores ?? (await this.#cores(look, limit));
    this.#last = look ?? this.#last;
    const memory = metrics.memoryBytes ?? look?.memoryBytes ?? null;
    const uptime = startedAt === null ? null : Math.max(0, Math.round((at.getTime() - startedAt) / 1000));
    return compose({ cores, memory, look, uptime, limit, at });
  }

  /** Zero for the first twenty seconds, which says nothing. */
  async #metrics(): Promise<Usage> {
    const { data } = metricsSchema.safeParse(await this.#pod.calls.podMetrics(this.#pod.name));
    const usage = data?.containers.find(({ name }) => name === environmentContainer)?.usage;
    const cores = parseQuantity(usage?.cpu ?? "") || null;
    const memoryBytes = parseQuantity(usage?.memory ?? "") || null;
    return { cores, memoryBytes };
  }

  async #look({ storage_bytes: storage }: Resources): Promise<Look | null> {
    const isFresh = this.#disk !== null && performance.now() - this.#disk.atMs < diskFreshMs;
    const mostKiB = isFresh ? "" : String(Math.ceil((storage * sharedFactor) / 1024));
    try {
      const result = await this.#pod.script(lookScript, [mostKiB], { deadlineMs: lookWithinMs });
      return this.#withDisk(parseLook(printedBy(result).toString()));
    } catch (error) {
      if (!(error instanceof ClusterProblem)) throw error;
      return null;
    }
  }

  #withDisk(look: Look | null): Look | null {
    if (look === null) return null;
    if (look.diskBytes !== null) this.#disk = { atMs: performance.now(), bytes: look.diskBytes };
    return { ...look, diskBytes: this.#disk?.bytes ?? null };
  }

  /** Processor time between two looks; the first one waits a moment for a second. */
  async #cores(look: Look | null, limit: Resources): Promise<number | null> {
    if (look === null) return null;
    if (this.#last === null || this.#last.cpuSeconds === null) {
      await delay(firstCpuLookMs);
      return coresBetween(look, await this.#look(limit));
    }
    return coresBetween(this.#last, look);
  }
}

function coresBetween(before: Look, after: Look | null): number | null {
  if (before.cpuSeconds === null || after?.cpuSeconds == null) return null;
  const seconds = after.atSeconds - before.atSeconds;
  return seconds <= 0 ? null : Math.max(0, after.cpuSeconds - before.cpuSeconds) / seconds;
}

function compose(options: {
  cores: number | null;
  memory: number | null;
  look: Look | null;
  uptime: number | null;
  limit: Resources;
  at: Date;
}): Readings {
  const { cores, memory, look, uptime, limit, at } = options;
  const read = {
    cpu_usage: percent(cores, limit.cpu_millicores / 1000),
    memory_usage: percent(memory, limit.memory_bytes),
    storage_usage: percent(look?.diskBytes ?? null, limit.storage_bytes),
    network_in: look?.receivedBytes ?? null,
    network_out: look?.sentBytes ?? null,
    uptime,
  };
  const missing = Object.entries(read).flatMap(([name, value]) => (value === null ? [name.replace("_usage", "")] : []));
  const reason = missing.length === 0 ? {} : { reason: `${missing.join(", ")}: the pod tells nothing of it` };
  return { ...read, timestamp: at.toISOString(), ...reason };
}

/** What there is to say of an environment that does not run. */
export function restingReadings(at: Date): Readings {
  const nothing = { cpu_usage: null, memory_usage: null, storage_usage: null, network_in: null, network_out: null };
  return { ...nothing, uptime: null, timestamp: at.toISOString(), reason: "not running" };
}

function percent(used: number | null, limit: number): number | null {
  return used === null ? null : Math.round((used / limit) * 10_000) / 100;
}
