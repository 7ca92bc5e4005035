/** Takes the readings of one environment: processor time is a difference of two looks, the disk is not walked each time. */
import { setTimeout as delay } from "node:timers/promises";
import type { Resources } from "../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import type { ProcessFacts } from "./processes.ts";
import { type CpuLook, composeReadings, cpuPercent, diskBytes, lookAtCpu, memoryPercent } from "./readings.ts";

const firstCpuLookMs = 250;
const diskFreshMs = 30_000;

export class LocalMeter {
  readonly #root: string;
  readonly #processes: () => Promise<ProcessFacts[]>;
  #cpuLook: CpuLook | null = null;
  #disk: { atMs: number; bytes: number | null } | null = null;

  constructor(root: string, processes: () => Promise<ProcessFacts[]>) {
    this.#root = root;
    this.#processes = processes;
  }

  /** The processes have ended: others are not compared with them. */
  reset(): void {
    this.#cpuLook = null;
  }

  /** The readings of what has run since `startedAt`; null: it does not run. */
  async read(limit: Resources, startedAt: Date | null, at: Date): Promise<Readings> {
    const disk = await this.#diskBytes();
    if (startedAt === null) return composeReadings({ cpu: null, memory: null, disk, limit, uptimeSeconds: null, at });
    this.#cpuLook ??= lookAtCpu(await this.#processes(), performance.now());
    if (performance.now() - this.#cpuLook.atMs < firstCpuLookMs) await delay(firstCpuLookMs);
    const processes = await this.#processes();
    const look = lookAtCpu(processes, performance.now());
    const cpu = cpuPercent(this.#cpuLook, look, limit);
    this.#cpuLook = look;
    const uptimeSeconds = Math.max(0, Math.round((at.getTime() - startedAt.getTime()) / 1000));
    return composeReadings({ cpu, memory: memoryPercent(processes, limit), disk, limit, uptimeSeconds, at });
  }

  async #diskBytes(): Promise<number | null> {
    if (this.#disk === null || performance.now() - this.#disk.atMs > diskFreshMs) {
      this.#disk = { atMs: performance.now(), bytes: await diskBytes(this.#root) };
    }
    return this.#disk.bytes;
  }
}
