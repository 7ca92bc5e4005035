/**
 * A container's root directory and the table of what is mounted into it: the machine's own /usr, /etc and /dev, read-only
 * and without its disks, then the volumes. The directory itself is the container's writable layer.
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ImageSpec } from "./images.ts";
import { blockDevices } from "./programs.ts";

export interface Mount {
  /** On this machine. */
  source: string;
  /** In the container. */
  target: string;
  isReadOnly: boolean;
}

export interface RootSpec {
  /** Must not exist yet. */
  directory: string;
  mounts: readonly Mount[];
  image: ImageSpec;
  /** Root may write anywhere in its layer, others only in /tmp and /var/tmp. */
  isRoot: boolean;
}

const own = [
  "tmp",
  "var/tmp",
  "run",
  "home",
  "root",
  "opt",
  "srv",
  "mnt",
  "sys/fs/cgroup",
  "proc",
  "dev",
  "usr",
  "etc",
  ".etc",
  ".old",
];
/** Root may change these; of the rest of /etc are links, to where the machine's own is. */
const accounts: readonly string[] = ["passwd", "group"];

/** Makes the directory; resolves with the path of the mount table. */
export async function makeRoot(spec: RootSpec): Promise<{ root: string; table: string }> {
  const root = join(spec.directory, "root");
  for (const each of own) await mkdir(join(root, each), { recursive: true });
  const links = ["bin", "sbin", "lib", "lib32", "lib64"].filter((name) => existsSync(`/${name}`));
  for (const name of links) {
    if (lstatSync(`/${name}`).isSymbolicLink()) await symlink(readlinkSync(`/${name}`), join(root, name));
    else await mkdir(join(root, name));
  }
  const directories = links.filter((name) => !lstatSync(`/${name}`).isSymbolicLink());
  for (const name of ["tmp", "var/tmp"]) await chmod(join(root, name), 0o1777);
  const volumes = await placeMounts(root, spec.mounts);
  const binds = Object.entries(spec.image.binds ?? {}).map(([target, source]) => ({
    source,
    target,
    isReadOnly: true,
  }));
  if (spec.isRoot) await layEtc(join(root, "etc"));
  const table = join(spec.directory, "mounts");
  const lines = [
    line(root, root, "rbind"),
    ...["usr", ...directories].map((name) => line(`/${name}`, join(root, name), "rbind,ro")),
    line("/etc", join(root, spec.isRoot ? ".etc" : "etc"), "rbind,ro"),
    line("/dev", join(root, "dev"), "rbind"),
    ...(existsSync("/dev/shm") ? [`tmpfs ${join(root, "dev/shm")} tmpfs mode=1777,size=64m 0 0`] : []),
    `proc ${join(root, "proc")} proc nosuid 0 0`,
    line("/proc/sys", join(root, "proc/sys"), "bind,ro"),
    ...blockDevices().map((path) => line("/dev/null", join(root, path), "bind")),
    ...(spec.image.hides ?? []).map((path) => line("/dev/null", join(root, path), "bind")),
    ...[...(await placeMounts(root, binds)), ...volumes],
  ];
  await writeFile(table, `${lines.join("\n")}\n`);
  if (!spec.isRoot) await closeTo(root);
  return { root, table };
}

async function layEtc(directory: string): Promise<void> {
  for (const name of await readdir("/etc")) {
    if (accounts.includes(name)) await copyFile(`/etc/${name}`, join(directory, name));
    else await symlink(`/.etc/${name}`, join(directory, name));
  }
}

/** Our one user owns every directory, so modes are what keeps a user other than root from writing there. */
async function closeTo(root: string): Promise<void> {
  for (const name of ["run", "home", "root", "opt", "srv", "mnt", "var"]) await chmod(join(root, name), 0o555);
  await chmod(root, 0o555);
}

/** Makes the mount points: in the root, or in the volume they lie in. */
async function placeMounts(root: string, mounts: readonly Mount[]): Promise<string[]> {
  const placed: Mount[] = [];
  for (const mount of mounts.toSorted((one, other) => one.target.length - other.target.length)) {
    const outer = placed.findLast(({ target }) => mount.target.startsWith(`${target}/`));
    const point =
      outer === undefined ? join(root, mount.target) : join(outer.source, mount.target.slice(outer.target.length));
    await makePoint(point, mount);
    placed.push(mount);
  }
  return placed.map(({ source, target, isReadOnly }) =>
    line(source, join(root, target), isReadOnly ? "bind,ro" : "bind"),
  );
}

async function makePoint(point: string, { source, target }: Mount): Promise<void> {
  if (existsSync(point)) return;
  if (/^\/(usr|etc|dev|proc|bin|lib)\//.test(target) && !existsSync(target)) {
    throw new Error(`${target} cannot be mounted: the fake's images have the machine's own files there`);
  }
  if (lstatSync(source).isDirectory()) await mkdir(point, { recursive: true });
  else {
    await mkdir(dirname(point), { recursive: true });
    await writeFile(point, "");
  }
}

/** A line of fstab(5). */
function line(source: string, target: string, options: string): string {
  const escaped = (path: string) =>
    path.replaceAll("\\", "\\134").replaceAll(" ", "\\040").replaceAll("\t", "\\011").replaceAll("\n", "\\012");
  return `${escaped(source)} ${escaped(target)} none ${options} 0 0`;
}
