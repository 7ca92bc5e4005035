/** What must be true of the machine before anything is started; each failure is one clear line. */
import { spawnSync } from "node:child_process";
import { StartFailure } from "./options.ts";
import { isPortTaken } from "./ports.ts";

export async function checkMachine(host: string, port: number): Promise<void> {
  if (process.platform !== "linux")
    throw new StartFailure(`the local runtime needs Linux, this is ${process.platform}`);
  const tmux = spawnSync("tmux", ["-V"], { stdio: "ignore" });
  if (tmux.error || tmux.status !== 0) {
    throw new StartFailure("tmux is missing: install it (Debian: sudo apt-get install tmux) and start again");
  }
  if (await isPortTaken(host, port)) {
    throw new StartFailure(
      `port ${port} is taken: end what listens there, or choose another one: PORT=8001 npm run dev`,
    );
  }
}
