/** The runtime over pods keeps the contract of every runtime, on the cluster that KUBECONFIG names. */
import { describe, inject, it } from "vitest";
import { runtimeContract } from "../bridge/runtime/contract.ts";
import { windowsContract } from "../bridge/runtime/windows-contract.ts";
import { makeGround } from "./ground.ts";

const { volumeObstacle } = inject("cluster");

if (volumeObstacle === null) {
  runtimeContract("kubernetes", () => makeGround());
  windowsContract("kubernetes", () => makeGround());
} else {
  describe("kubernetes runtime keeps the contract", () => {
    it.skip(`needs a volume, and the cluster says: ${volumeObstacle}`, () => {});
  });
}
