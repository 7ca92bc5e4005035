import { describe, expect, it } from "vitest";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";

describe("timing", () => {
  it("lets a peer miss one ping before it counts as silent", () => {
    expect(timing.clientSilentAfterMs).toBeGreaterThan(2 * timing.clientPingEveryMs);
    expect(timing.bridgeSilentAfterMs).toBeGreaterThan(2 * timing.bridgePingEveryMs);
  });

  it("ends a lease by its holder's clock before anybody else is given it, however the two clocks differ", () => {
    const drift = 1.01;
    expect((timing.leaseMs + timing.leaseStopMs) * drift).toBeLessThan(timing.linkSilentAfterMs);
  });

  it("lets a link miss one ping before its lease is over", () => {
    expect(timing.leaseMs).toBeGreaterThan(2 * timing.linkPingEveryMs);
  });

  it("moves the terminals of a killed bridge within 10 s, of a frozen one within 45 s, with time to dial in both", () => {
    const dialMs = 5_000;
    expect(timing.linkReturnMs + dialMs).toBeLessThanOrEqual(10_000);
    expect(timing.linkSilentAfterMs + dialMs).toBeLessThanOrEqual(45_000);
  });

  it("keeps control for who dials again as late as clients do, and waits for a paste before it gives a terminal up", () => {
    expect(timing.controlKeptMs).toBeGreaterThan(timing.redialFirstMaxMs + timing.redialMaxMs);
    expect(timing.controlToldMs).toBeGreaterThan(timing.pasteSilentMs);
  });

  it("gives a bridge that was cut several dials before its terminals move", () => {
    expect(timing.redialFirstMaxMs + 3 * timing.redialMinMs * 2).toBeLessThan(timing.linkReturnMs);
  });

  it("holds the sockets that are handed over as long as the next bridge needs, and drains no longer than it is let", () => {
    const grace = 30_000;
    expect(timing.handOverMs).toBeGreaterThan(timing.redialMaxMs / 2);
    expect(timing.drainMs).toBeGreaterThan(timing.handOverMs);
    expect(timing.drainMs).toBeLessThan(grace);
  });

  it("fits an output frame and its JSON escape into a bridge frame", () => {
    expect(limits.maxOutputFrameBytes).toBeLessThan(limits.maxBridgeFrameBytes);
    expect(limits.pacedBytesPerSecond * (timing.clientSilentAfterMs / 1000)).toBeGreaterThan(
      limits.maxUnacknowledgedBytes,
    );
  });

  it("leaves an object memory beside what is under way, though text grows by a third as JSON", () => {
    const objectBytes = 134_217_728;
    const underWay = limits.maxOpenBytesOfAll * (4 / 3) + limits.maxUnacknowledgedBytesOfAll;
    expect(underWay).toBeLessThan((2 / 3) * objectBytes);
  });

  it("shortens nobody's window while few are behind, and leaves the last who may come what a client acknowledges", () => {
    const { maxOpenBytesOfAll: all, openShare, windowBytes } = limits;
    const full = Math.floor((all - openShare * windowBytes) / windowBytes);
    expect(full).toBeGreaterThan(100);
    const share = windowBytes * (1 - 1 / openShare) ** (limits.maxGuestSocketsPerTerminal - full);
    expect(share).toBeGreaterThan(2 * limits.ackLateBytes);
  });

  it("gives up programs that do nothing while whoever waits for the transfer still does", () => {
    expect(timing.transferStuckMs).toBeLessThan(timing.transferSettleMs);
  });

  it("keeps bodies below what platforms take, and whole uploads within their parts", () => {
    expect(limits.maxTransferBytes).toBeLessThan(100_000_000);
    expect(limits.maxTransferBytes % limits.partBlockBytes).toBe(0);
    expect(limits.maxUploadParts * limits.defaultPartBytes).toBeGreaterThan(limits.maxUploadBytes);
  });
});
