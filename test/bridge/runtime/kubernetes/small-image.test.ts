/** The files of an environment whose image has nothing but busybox. */
import { describe, it } from "vitest";
import { busybox, makeSmallImage } from "../../../support/kubernetes/small-image.ts";
import { desiredEnvironment } from "../contract.ts";
import { filesContract } from "../files-contract.ts";
import { makePodFiles } from "./files-ground.ts";

if (busybox === null) {
  describe("files in a small image", () => {
    it.skip("this machine has no busybox", () => {});
  });
} else {
  const program = busybox;
  filesContract("kubernetes (small image)", async () => {
    const { image, remove } = await makeSmallImage(program);
    const ground = await makePodFiles({ images: { [desiredEnvironment().image]: image } });
    return {
      ...ground,
      dispose: async () => {
        await ground.dispose();
        await remove();
      },
    };
  });
}
