/** Who one is in an environment: a user with a name and our home, in images that know nobody of that number and in others. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, podOn, startUp } from "./ground.ts";

let ground: ClusterGround;
let directory: string;
const nobodys = "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n";

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dp-accounts-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const bare = file("bare", nobodys);
  const node = file("node", `${nobodys}node:x:1000:1000::/home/node:/bin/bash\n`);
  const group = file("group", "root:x:0:\nwww-data:x:33:\n");
  ground = await makeGround({
    images: {
      "bare:1": { binds: { "/etc/passwd": bare, "/etc/group": group } },
      "node:1": { binds: { "/etc/passwd": node, "/etc/group": file("node-group", "root:x:0:\nnode:x:1000:\n") } },
      "empty:1": { hides: ["/etc/passwd", "/etc/group"] },
      "shell-less:1": { hides: ["/usr/bin/sh", "/usr/bin/dash"] },
    },
  });
});
afterEach(async () => {
  await ground.dispose();
  rmSync(directory, { recursive: true });
});

const tools = [
  ["the bridge's tools", "tools:1"],
  ["the image's own", null],
] as const;
const images = [
  ["bare:1", "devpocket", "devpocket"],
  ["node:1", "node", "node"],
  ["empty:1", "devpocket", "devpocket"],
] as const;

it.each(tools.flatMap(([how, toolsImage]) => images.map((image) => [how, toolsImage, ...image] as const)))(
  "with %s (%s), in %s one is %s",
  async (_, toolsImage, image, user, group) => {
    const runtime = ground.open({ settings: { toolsImage } });
    const environment = desiredEnvironment({ image });
    await startUp(runtime, environment);
    const pod = podOn(ground, environment.id);
    const said = async (script: string) => (await pod.script(script, [])).stdout.toString().trim().split("\n");
    expect(await said("whoami; id -un; id -gn; id -u")).toEqual([user, user, group, "1000"]);
    expect(await said("getent passwd 1000")).toEqual([
      expect.stringMatching(new RegExp(`^${user}:x:1000:1000::/home/devpocket:/\\S*/bash$`)),
    ]);
    expect(await said("touch /workspace/mine; ls -l /workspace/mine")).toEqual([
      expect.stringMatching(new RegExp(`^-rw-r--r-- 1 ${user} ${group} `)),
    ]);
    expect(await said("ls -ld /etc/passwd | cut -c 1-10")).toEqual(["-rw-r--r--"]);
    expect(await said("ssh -G host | grep '^user '")).toEqual([`user ${user}`]);
    expect((await pod.script("ssh -v -o BatchMode=yes -p 9 127.0.0.1", [])).stderr).not.toContain("No user exists");
    expect((await pod.script("echo x >>/etc/passwd", [])).exitCode).not.toBe(0);
    await runtime.close();
  },
);

it("says why where the image has no shell to find out with", async () => {
  const runtime = ground.open({ settings: { toolsImage: "tools:1" } });
  const environment = desiredEnvironment({ image: "shell-less:1" });
  await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
  const rejected = [{ phase: "error", reason: "rejected" }];
  await vi.waitFor(async () => expect(await runtime.observe()).toMatchObject(rejected), 20_000);
  await runtime.close();
});
