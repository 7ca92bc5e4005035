/** The machine's programs that containers are made with, and whether it lets us make any. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const directories = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/** Absolute, because a container's PATH is the container's. */
export function programPath(name: string): string {
  const found = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`a fake cluster needs ${name} (Debian: util-linux, openssl)`);
  return found;
}

export const enterScript = fileURLToPath(new URL("enter.sh", import.meta.url));

/** New user, mount, PID and UTS namespaces; whoever spawns it takes everything in it along when it dies. */
export function namespaceCommand(user: number, group: number): { file: string; args: string[] } {
  const unshare = ["-U", "-m", "-p", "-u", "--fork", "--kill-child", "--keep-caps"];
  const args = [
    "--pdeathsig",
    "KILL",
    programPath("unshare"),
    ...unshare,
    `--map-user=${user}`,
    `--map-group=${group}`,
  ];
  return { file: programPath("setpriv"), args };
}

/** Into the namespaces of the process with this pid, as its user and without its capabilities. */
export function joinCommand(pid: number): { file: string; args: string[] } {
  const args = ["-t", String(pid), "-U", "-m", "-p", "-u", "--preserve-credentials", "--"];
  return { file: programPath("nsenter"), args: [...args, programPath("setpriv"), "--no-new-privs", "--"] };
}

/** Throws one line where unprivileged user namespaces are not to be had. */
export async function checkNamespaces(): Promise<void> {
  const { file, args } = namespaceCommand(1000, 1000);
  try {
    await promisify(execFile)(file, [...args, programPath("mount"), "-t", "tmpfs", "tmpfs", "/mnt"]);
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    throw new Error(
      `no fake cluster here: it needs unprivileged user namespaces (unshare -U), and this machine says: ${why}`,
    );
  }
}

/** The machine's disks under /dev, which no container may see. */
export function blockDevices(directory = "/dev"): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isBlockDevice()) return [path];
    return entry.isDirectory() &&
      ["mapper", "block", "disk"].indexOf(entry.name) < 0 &&
      entry.name !== "pts" &&
      entry.name !== "shm"
      ? blockDevices(path)
      : [];
  });
}
