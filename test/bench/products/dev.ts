/** Ours as people start it: `npm run dev`, on a free port with a data directory of the caller's. */
import { freePort } from "../../../bridge/dev/ports.ts";
import { root } from "../../support/source-tree.ts";
import { startChild } from "../child.ts";
import { openLimits } from "./services.ts";

export interface DevProduct {
  url: string;
  /** The process of npm, ancestor of everything but tmux. */
  pid: number;
  /** From the start of npm to the `ready:` line, in seconds. */
  startSeconds: number;
  stop(): Promise<void>;
}

export async function startDev(dataDirectory: string): Promise<DevProduct> {
  const port = await freePort();
  const start = performance.now();
  const child = await startChild(["npm", "run", "dev"], {
    workingDirectory: root,
    environment: { ...process.env, ...openLimits, PORT: String(port), DEVPOCKET_DATA_DIR: dataDirectory },
    ready: /ready: (http\S+)/,
    endSignal: "SIGTERM",
  });
  const startSeconds = (performance.now() - start) / 1_000;
  return { url: `http://localhost:${port}`, pid: child.pid, startSeconds, stop: child.stop };
}
