/** A transfer whose other side does not come, or does not go on. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeTicket, objectPaths, ticketHeader } from "../../durable-objects/protocol/tickets.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import {
  decodeHead,
  encodeHead,
  type TransferHead,
  type TransferOrder,
  transferHeadHeader,
  transferPartHeader,
} from "../../durable-objects/protocol/transfers.ts";
import { Transfer } from "../../durable-objects/transfer.ts";
import { fresh, link } from "./peers.ts";

const environment_id = `env_${"0".repeat(20)}`;
const down: TransferOrder = { kind: "pack", environment_id, path: "" };
const up: TransferOrder = { kind: "write_file", environment_id, path: "a", length: 3, condition: null };
const id = "0".repeat(32);

function begin(order: TransferOrder, body: ReadableStream<Uint8Array> | null = null) {
  const over = vi.fn();
  return { over, transfer: new Transfer({ id, clusterId: "c", ownerId: "o", requestId: "r", order }, body, over) };
}

const headOf = (response: Response) => decodeHead(response.headers.get(transferHeadHeader));
const bring = (part: string, head: TransferHead | null, body?: string) =>
  new Request("http://object/bridge", {
    method: "POST",
    headers: { [transferPartHeader]: part, ...(head === null ? {} : { [transferHeadHeader]: encodeHead(head) }) },
    ...(body === undefined ? {} : { body }),
  });

describe("a transfer", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("ends as unavailable when no bridge comes in time, and not before", async () => {
    const { transfer, over } = begin(down);
    vi.advanceTimersByTime(timing.transferWaitMs - 1);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(over).toHaveBeenCalledOnce();
    expect(headOf(await transfer.answered)).toMatchObject({ kind: "failed", code: "unavailable" });
  });

  it("breaks off when the bridge does not go on", async () => {
    const { transfer, over } = begin(down);
    const brought = transfer.serve(bring("0", { kind: "archive", name: "x" }, "begins"));
    const answer = await transfer.answered;
    const reading = answer.text();
    reading.catch(() => undefined);
    expect((await brought).status).toBe(204);
    vi.advanceTimersByTime(timing.transferWaitMs);
    expect(over).toHaveBeenCalledOnce();
    await expect(reading).rejects.toThrow();
  });

  it("ends as unavailable when a bridge took the body and says nothing more", async () => {
    const { transfer, over } = begin(up, new Blob(["abc"]).stream());
    const taken = await transfer.serve(new Request("http://object/bridge"));
    expect(await taken.text()).toBe("abc");
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), 10_000);
    vi.advanceTimersByTime(timing.transferSettleMs);
    expect(over).toHaveBeenCalledOnce();
    expect(headOf(await transfer.answered)).toMatchObject({ code: "unavailable" });
  });

  it("ends when the person's body breaks off, and so does what the bridge takes", async () => {
    let hangUp = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        hangUp = () => controller.error(new Error("the phone went into a tunnel"));
      },
    });
    const { transfer, over } = begin(up, body);
    const taken = await transfer.serve(new Request("http://object/bridge"));
    const reading = taken.text();
    reading.catch(() => undefined);
    hangUp();
    await expect(reading).rejects.toThrow();
    await vi.waitFor(() => expect(over).toHaveBeenCalledOnce(), 10_000);
    expect(headOf(await transfer.answered)).toMatchObject({ code: "unavailable" });
  });

  it("tells the bridge when the person has hung up", async () => {
    const { transfer, over } = begin(down);
    const brought = transfer.serve(bring("0", { kind: "archive", name: "x" }, "begins"));
    await (await transfer.answered).body?.cancel();
    expect((await brought).status).toBe(404);
    expect(over).toHaveBeenCalledOnce();
    expect((await transfer.serve(bring("1", null, "more"))).status).toBe(409);
  });
});

// The first request of a file loads all that is served.
it("is carried also for a Worker that does not say whose it is: objects are deployed first", {
  timeout: 60_000,
}, async () => {
  const names = { clusterId: fresh("cluster-"), requestId: "r" };
  const bridge = await link(names.clusterId);
  const random = crypto.randomUUID().replaceAll("-", "");
  const object = env.TRANSFERS.getByName(random);
  const ticket = encodeTicket({ ...names, id: random, order: down });
  const answered = object.fetch(`http://object${objectPaths.transfer}`, { headers: { [ticketHeader]: ticket } });
  await bridge.has({ type: "transfer", id: random, order: down });
  const request = bring("0", { kind: "failed", code: "path_not_found", message: "" });
  request.headers.set(ticketHeader, encodeTicket(names));
  await object.fetch(request);
  expect(headOf(await answered)).toMatchObject({ code: "path_not_found" });
});
