/**
 * What exec was found to do on a real Kubernetes 1.36, by the finding's number: held against the fake in every test run, and
 * against a real cluster by `npm run test:cluster`, so that the fake is known to be one.
 */
import type { V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { patience } from "../wait-until.ts";
import { type Client, eventually, open, refusalOf, run } from "./client.ts";

export interface FindingsGround {
  client: Client;
  /** A `findingsPod` that runs in the client's namespace. */
  pod: string;
  dispose(): Promise<void>;
}

const shell = ["sh", "-c"];

/** A pod that any cluster admits, whatever its Pod Security. */
export function findingsPod(image: string, name: string): V1Pod {
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const script = "trap 'exit 0' TERM; while :; do sleep 600 & wait $!; done";
  const env = [
    { name: "TERM", value: "vt100" },
    { name: "LANG", value: "C.UTF-8" },
  ];
  const container = {
    name: "main",
    image,
    imagePullPolicy: "IfNotPresent",
    command: [...shell, script],
    env,
    securityContext: security,
  };
  const user = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  const spec = {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: user,
    containers: [container],
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec };
}

export function execFindings(name: string, makeGround: () => Promise<FindingsGround>): void {
  describe(`exec of ${name}`, { timeout: 60_000 * patience }, () => {
    let ground: FindingsGround;
    let client: Client;
    let pod: string;

    beforeAll(async () => {
      ground = await makeGround();
      ({ client, pod } = ground);
    });
    afterAll(() => ground?.dispose());

    const isAlive = async (pidFile: string) =>
      (await run(client, pod, [...shell, `kill -0 $(cat ${pidFile}) && echo yes`])).output === "yes\n";

    it.each(["close", "terminate"] as const)("1: %s of the socket does not end the process, HUP does", async (how) => {
      const file = `/tmp/${how}`;
      const { socket, shows, closed } = await open(
        client,
        pod,
        [...shell, `echo $$ > ${file}; echo here; exec sleep 600`],
        true,
      );
      await shows(/here/);
      socket[how]();
      await closed;
      expect(await isAlive(file)).toBe(true);
      await run(client, pod, [...shell, `kill -HUP $(cat ${file})`]);
      await eventually(async () => !(await isAlive(file)));
    });

    it("6: a terminal starts at 0x0, and one bad resize freezes it at the next", async () => {
      const { socket, input, shows, output } = await open(
        client,
        pod,
        [...shell, "stty size; echo go; read x; stty size; cat"],
        true,
      );
      // Programs say so each in its own way: "0 0", or that there is none.
      await shows(/\bgo\b/);
      expect(output()).not.toMatch(/[1-9]\d* \d/);
      const resize = (size: unknown) => socket.send(Buffer.concat([Buffer.of(4), Buffer.from(JSON.stringify(size))]));
      resize({ Width: 100, Height: 30 });
      input.write("\n");
      await shows(/30 100/);
      resize({ width: 80.5, height: 24 });
      input.write("still\n");
      await shows(/still\r\nstill/);
      resize({ width: 80, height: 24 });
      const pong = vi.fn();
      socket.on("pong", pong);
      socket.ping();
      input.write("frozen\n");
      expect(await run(client, pod, ["echo", "others work"])).toMatchObject({ output: "others work\n" });
      expect(output()).not.toContain("frozen");
      expect(pong).not.toHaveBeenCalled();
      socket.terminate();
    });

    it("7: a terminal's TERM is xterm whatever the pod says, LANG passes through, SHELL and USER are empty", async () => {
      // What the shell was given: some set SHELL for themselves.
      const { shows, output } = await open(client, pod, [...shell, "tr '\\0' ' ' </proc/$$/environ; echo over"], true);
      await shows(/over/);
      expect(output()).toMatch(/\bTERM=xterm /);
      expect(output()).toMatch(/\bLANG=C.UTF-8 /);
      expect(output()).not.toMatch(/\b(SHELL|USER)=/);
      expect((await run(client, pod, [...shell, "echo $TERM"])).output).toBe("vt100\n");
    });

    it("8: exit codes are texts in the causes, an unknown program is a 500", async () => {
      const failed = await run(client, pod, [...shell, "echo out; exit 3"]);
      expect(failed).toMatchObject({ output: "out\n", code: 1000 });
      expect(failed.status).toMatchObject({
        status: "Failure",
        details: { causes: [{ reason: "ExitCode", message: "3" }] },
      });
      const unknown = await run(client, pod, ["no-such-program"]);
      expect(unknown.status).toMatchObject({
        status: "Failure",
        code: 500,
        message: expect.stringContaining("not found in $PATH"),
      });
      const plain = await open(client, pod, [...shell, "echo out; echo err >&2"]);
      await plain.status;
      expect([plain.output(), plain.errors()]).toEqual(["out\n", "err\n"]);
    });

    it("9: frames hold 32 KiB at most and cut characters; a frame over 32 MiB ends the connection", async () => {
      const { socket, input, closed, status, output } = await open(client, pod, [
        ...shell,
        "head -c 90001 /dev/zero | tr '\\0' x; printf '€%.0s' $(seq 40000)",
      ]);
      const sizes: number[] = [];
      socket.on("message", (data: Buffer) => sizes.push(data.byteLength));
      await status;
      expect(Math.max(...sizes)).toBeLessThanOrEqual(32 * 1024 + 1);
      expect(output().endsWith("€€")).toBe(true);
      await closed;
      input.end();
      const big = await open(client, pod, ["cat"]);
      big.input.write(Buffer.alloc(2 ** 20, "y"));
      await eventually(() => big.output().length === 2 ** 20);
      big.socket.send(Buffer.alloc(40 * 2 ** 20));
      expect(await big.closed).not.toBe(1000);
    });

    it("10: v5 ends the input alone, and on a terminal that ends nothing", async ({ skip }) => {
      const five = await open(client, pod, ["wc", "-c"]);
      const { protocol } = five.socket;
      if (protocol !== "v5.channel.k8s.io") five.socket.terminate();
      skip(protocol === "v4.channel.k8s.io", "its node's container runtime speaks v4 alone");
      expect(protocol).toBe("v5.channel.k8s.io");
      five.input.end("12345");
      expect(await five.status).toMatchObject({ status: "Success" });
      expect(five.output().trim()).toBe("5");
      const terminal = await open(client, pod, ["cat"], true);
      terminal.socket.send(Buffer.of(255, 0));
      terminal.input.write("on\n");
      await terminal.shows(/on\r\non/);
      terminal.socket.terminate();
    });

    it("12: a refusal is an ErrorEvent with the code in its message alone", async () => {
      expect(await refusalOf(open(client, "nowhere", ["true"]))).toBe(404);
      expect(await refusalOf(open(client, pod, ["true"], false, "no-such-container"))).toBe(400);
    });
  });
}
