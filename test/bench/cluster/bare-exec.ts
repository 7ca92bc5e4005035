/** An exec with nothing of ours around it: the client library as it is. What our layers cost is measured against this. */
import { PassThrough, type Readable, Writable } from "node:stream";
import { Exec } from "@kubernetes/client-node";
import { objectName } from "../../../bridge/runtime/kubernetes/manifests/names.ts";
import { environmentContainer } from "../../../bridge/runtime/kubernetes/manifests/pod.ts";
import type { Stage } from "./stage.ts";

export interface BareExec {
  /** From the call to the open socket. */
  openedInMs: number;
  write(bytes: Uint8Array | string): void;
  /** What was agreed on; older than v5, the end of the input is the end of the connection. */
  protocol: string;
  /** Resolves at the end of the process, or of the connection. */
  ended: Promise<void>;
  close(): void;
}

export interface BareOptions {
  isTerminal: boolean;
  input: Readable | null;
  onOutput(bytes: Buffer): void;
}

export async function bareExec(
  stage: Stage,
  environmentId: string,
  command: string[],
  options: BareOptions,
): Promise<BareExec> {
  const output = new Writable({
    write(bytes: Buffer, _encoding, done) {
      options.onOutput(bytes);
      done();
    },
  });
  const input = options.input ?? new PassThrough();
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const begin = performance.now();
  const place = [stage.run.namespace, objectName(environmentId), environmentContainer] as const;
  const socket = await new Exec(stage.connection.config).exec(
    ...place,
    command,
    output,
    null,
    input,
    options.isTerminal,
    () => end(),
  );
  socket.addEventListener("close", () => end());
  return {
    protocol: socket.protocol,
    openedInMs: performance.now() - begin,
    write: (bytes) => void (input instanceof PassThrough && input.write(bytes)),
    ended,
    close: () => socket.close(),
  };
}
