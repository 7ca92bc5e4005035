/** The entry through which objects tell what only they see; counted and sent like everything that requests count. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { codeLabel } from "../durable-objects/protocol/closes.ts";
import type { MeteredKind, MeterRpc } from "../durable-objects/protocol/objects.ts";
import { createDeps, randomText } from "./deps.ts";
import { sendCounts } from "./domain/metrics.ts";

export class MeterEntry extends WorkerEntrypoint<Env> implements MeterRpc {
  async socketClosed(kind: MeteredKind, code: number): Promise<void> {
    const deps = createDeps(this.env, `meter${randomText(15)}`, (promise) => this.ctx.waitUntil(promise));
    deps.gathering.meter.count("closed", kind, codeLabel(code));
    sendCounts(deps);
  }
}
