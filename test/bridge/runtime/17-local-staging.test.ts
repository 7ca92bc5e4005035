/** 17: programs put what they like where a local environment's unfinished files are kept; nothing outside is touched. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Bytes } from "../../../bridge/runtime/files.ts";
import { bytes, codeOf, tarOf } from "./files-contract.ts";
import { makeLocalFiles } from "./local-files-ground.ts";

describe("17: a local environment's staging", { timeout: 60_000 }, () => {
  let ground: Awaited<ReturnType<typeof makeLocalFiles>>;
  let outside: string;
  const id = "c".repeat(20);
  const upload = `.devpocket/u-${id}`;

  beforeAll(async () => {
    ground = await makeLocalFiles();
    outside = (await ground.sh(`mkdir ${ground.outside} && cd ${ground.outside} && pwd -P`)).trim();
  }, 60_000);
  afterAll(async () => await ground.dispose());
  beforeEach(async () => {
    await ground.sh(`rm -rf ./* .devpocket && cd ${outside} && printf secret > secret && chmod 600 secret`);
    await ground.files.beginUpload({ id, path: "big", length: 4, partBytes: 65_536, condition: null });
  });

  const expectUntouched = async () =>
    expect(await ground.sh(`cd ${outside} && cat secret && stat -c ' %a' secret && ls -A`)).toBe(
      "secret 600\nsecret\n",
    );
  const part = () => ground.files.putPart(id, 0, bytes("evil"), 4);

  it("writes no part through a link in the place of an upload's content", async () => {
    await ground.sh(`rm ${upload}/data && ln -s ${outside}/secret ${upload}/data`);
    expect(await codeOf(part())).toBe("upload_not_found");
    await expectUntouched();
  });

  it("empties and makes nothing through a link in the place of a part's mark", async () => {
    for (const name of ["secret", "new"]) {
      await ground.sh(`ln -sf ${outside}/${name} ${upload}/part-0`);
      expect(await codeOf(part())).toBe("bad_path");
    }
    await expectUntouched();
  });

  it("reads no wish through a link, and waits for no pipe", async () => {
    await ground.sh(`mv ${upload}/upload.json ${outside}/wish && ln -s ${outside}/wish ${upload}/upload.json`);
    expect(await codeOf(ground.files.findUpload(id))).toBe("upload_not_found");
    await ground.sh(`rm ${outside}/wish ${upload}/upload.json && mkfifo ${upload}/upload.json`);
    expect(await codeOf(ground.files.findUpload(id))).toBe("upload_not_found");
    await ground.sh(`rm ${upload}/upload.json`);
    await expectUntouched();
  });

  it("gives no file outside other permissions by a link in the place of what is finished", async () => {
    await part();
    await ground.sh(`touch big && chmod 666 big && rm ${upload}/data && ln -s ${outside}/secret ${upload}/data`);
    expect(await codeOf(ground.files.finishUpload(id))).toBe("bad_path");
    await expectUntouched();
  });

  it("takes nothing from outside by a link in the place of what was unpacked", async () => {
    const tar = await tarOf({ name: "f", text: "mine" });
    const swap = `cd .devpocket && n=$(echo unpack-*) && while [ ! -s $n/f ]; do :; done; rm -r $n && ln -s ${outside} $n`;
    const body = async function* (): Bytes {
      yield tar.subarray(0, -512);
      await ground.sh(swap);
      yield tar.subarray(-512);
    };
    expect(await codeOf(ground.files.unpack("", body(), tar.byteLength))).toBe("not_a_directory");
    await expectUntouched();
  });

  it("counts no marks of parts that an upload does not have", async () => {
    await ground.sh(`cd ${upload} && for n in 1 2 3 77777; do : > part-$n; done`);
    expect(await ground.files.findUpload(id)).toMatchObject({ received: [] });
    expect(await codeOf(ground.files.finishUpload(id))).toBe("upload_incomplete");
    await part();
    expect(await ground.files.findUpload(id)).toMatchObject({ received: [0] });
  });
});
