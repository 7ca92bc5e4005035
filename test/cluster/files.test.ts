/** The files of environments in pods keep the contract of every runtime's, on the cluster that KUBECONFIG names. */
import { describe, inject, it } from "vitest";
import { filesConfinement } from "../bridge/runtime/files-confinement.ts";
import { filesContract } from "../bridge/runtime/files-contract.ts";
import { podFilesOn } from "../bridge/runtime/kubernetes/files-ground.ts";
import { connect } from "./connection.ts";
import { makeGround } from "./ground.ts";
import { readSettings } from "./settings.ts";

const { namespace, volumeObstacle } = inject("cluster");
const makeFiles = async () =>
  await podFilesOn(await makeGround(), connect(readSettings().kubeconfig).config, namespace);

if (volumeObstacle === null) {
  filesContract("kubernetes", makeFiles);
  filesConfinement("kubernetes", makeFiles);
} else {
  describe("files in pods keep the contract", () => {
    it.skip(`needs a volume, and the cluster says: ${volumeObstacle}`, () => {});
  });
}
