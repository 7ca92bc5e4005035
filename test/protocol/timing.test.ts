import { describe, expect, it } from "vitest";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";

describe("timing", () => {
  it("lets a peer miss one ping before it counts as silent", () => {
    expect(timing.clientSilentAfterMs).toBeGreaterThan(2 * timing.clientPingEveryMs);
    expect(timing.bridgeSilentAfterMs).toBeGreaterThan(2 * timing.bridgePingEveryMs);
  });

  it("fits an output frame and its JSON escape into a bridge frame", () => {
    expect(limits.maxOutputFrameBytes).toBeLessThan(limits.maxBridgeFrameBytes);
    expect(limits.pacedBytesPerSecond * (timing.clientSilentAfterMs / 1000)).toBeGreaterThan(
      limits.maxUnacknowledgedBytes,
    );
  });
});
