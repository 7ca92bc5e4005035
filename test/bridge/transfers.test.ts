/** One person's transfers leave places for those of others, whatever they do. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import type { EnvironmentFiles } from "../../bridge/runtime/files.ts";
import { type Runtime, RuntimeFailure } from "../../bridge/runtime/runtime.ts";
import { Transfers } from "../../bridge/transfers/transfers.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { decodeHead, type TransferHead, transferHeadHeader } from "../../durable-objects/protocol/transfers.ts";

let dispose = async () => {};
afterEach(async () => await dispose());

/** An edge that keeps what a bridge says of each transfer, and a runtime that finds nothing, but not before it is told. */
async function ground() {
  const said = new Map<string, TransferHead | null>();
  const edge = createServer((request, response) => {
    said.set(request.url?.split("/").at(-1) ?? "", decodeHead(String(request.headers[transferHeadHeader])));
    response.writeHead(204).end();
  });
  await once(edge.listen(0, "127.0.0.1"), "listening");
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  const files = async (): Promise<EnvironmentFiles> => {
    await promise;
    throw new RuntimeFailure("path_not_found", "There is nothing at this path");
  };
  const url = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
  const identity = { url, token: "t".repeat(32), bridgeId: "bridge-of-test" };
  const transfers = new Transfers(identity, { files } as Partial<Runtime> as Runtime, () => {});
  dispose = async () => {
    transfers.close();
    edge.closeAllConnections();
    await new Promise((closed) => edge.close(closed));
  };
  let count = 0;
  const carry = (owner: string | undefined, environment = "0") => {
    const id = String(count++).padStart(32, "0");
    const order = { kind: "pack", environment_id: `env_${environment.repeat(20)}`, path: "" } as const;
    return { id, over: transfers.carry({ type: "transfer", id, order, owner }) };
  };
  return { carry, goOn, codeOf: (id: string) => (said.get(id) as { code?: string } | undefined)?.code };
}

it("refuses a person's transfers over their share, over all their environments, and no other's", async () => {
  const { carry, goOn, codeOf } = await ground();
  const greedy = Array.from({ length: 200 }, (_, index) => carry("greedy", String(index % 10)));
  const refused = greedy.slice(limits.maxTransfersOfOne);
  const others = Array.from({ length: 10 }, (_, index) => carry(`other-${index}`));
  await Promise.all(refused.map(({ over }) => over));
  for (const { id } of refused) expect(codeOf(id)).toBe("too_many_transfers");
  for (const { id } of [...greedy.slice(0, limits.maxTransfersOfOne), ...others]) expect(codeOf(id)).toBe(undefined);
  goOn();
  await Promise.all([...greedy, ...others].map(({ over }) => over));
  for (const { id } of others) expect(codeOf(id)).toBe("path_not_found");
  const later = carry("greedy");
  await later.over;
  expect(codeOf(later.id)).toBe("path_not_found");
});

it("counts by environment where nobody says whose it is, and carries no more than so many in all", async () => {
  const { carry, goOn, codeOf } = await ground();
  const own = Array.from({ length: limits.maxTransfersOfOne + 1 }, () => carry(undefined));
  await vi.waitUntil(() => codeOf(own.at(-1)?.id ?? "") === "too_many_transfers", 10_000);
  const many = Array.from({ length: limits.maxTransfers - limits.maxTransfersOfOne }, (_, n) => carry(`o-${n}`));
  const last = carry("late");
  await last.over;
  expect(codeOf(last.id)).toBe("too_many_transfers");
  goOn();
  await Promise.all([...own, ...many].map(({ over }) => over));
});
