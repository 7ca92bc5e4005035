/**
 * Where local environments live, in one place, also for those who clean up after us:
 *
 *   <data>/environments/<environment id>/   workspace/ and home/ of the person, our own files beside them
 *   <data>/tmux/<environment id>            the socket of the environment's tmux server (`tmux -S`)
 *   <data>/tmux/<environment id>.own/       TMUX_TMPDIR inside the environment, for a tmux of the person's own
 *
 * A Unix socket's path may have 107 bytes only: under a long data directory `<data>/tmux` is a symbolic link to
 * `/tmp/devpocket-<uid>-<first 12 hex digits of SHA-256(data directory)>` (0700). Whoever lists `<data>/tmux/` sees
 * every socket either way.
 */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { RuntimeFailure } from "../runtime.ts";

/** 107 bytes minus `/env_<20>.own/tmux-<uid>/default`. */
const maxSocketsDirBytes = 54;

export interface Places {
  environmentsDir: string;
  /** The short, real directory of the sockets. */
  socketsDir: string;
}

export interface EnvironmentPlaces {
  root: string;
  workspace: string;
  home: string;
  record: string;
  log: string;
  installation: string;
  client: string;
  /** What the shells of a restored session are to print. */
  laid: string;
  notice: string;
  socket: string;
  ownSocketsDir: string;
}

/** Makes the directories under `dataDir` and says where they are. */
export function preparePlaces(dataDir: string): Places {
  const data = resolve(dataDir);
  const environmentsDir = join(data, "environments");
  mkdirSync(environmentsDir, { recursive: true, mode: 0o700 });
  return { environmentsDir, socketsDir: prepareSocketsDir(data) };
}

export function environmentPlaces(places: Places, environmentId: string): EnvironmentPlaces {
  const root = join(places.environmentsDir, environmentId);
  return {
    root,
    workspace: join(root, "workspace"),
    home: join(root, "home"),
    record: join(root, "environment.json"),
    log: join(root, "log.jsonl"),
    installation: join(root, "installation.json"),
    client: join(root, "client.json"),
    laid: join(root, "restored"),
    notice: join(root, "notice.json"),
    socket: join(places.socketsDir, environmentId),
    ownSocketsDir: join(places.socketsDir, `${environmentId}.own`),
  };
}

function prepareSocketsDir(data: string): string {
  const visible = join(data, "tmux");
  if (Buffer.byteLength(visible) <= maxSocketsDirBytes) {
    mkdirSync(visible, { recursive: true, mode: 0o700 });
    return visible;
  }
  const hash = createHash("sha256").update(data).digest("hex").slice(0, 12);
  const short = `/tmp/devpocket-${userInfo().uid}-${hash}`;
  mkdirSync(short, { recursive: true, mode: 0o700 });
  refuseForeignDirectory(short);
  pointTo(visible, short);
  return short;
}

/** /tmp belongs to everybody: a directory that somebody else made first is not ours to use. */
function refuseForeignDirectory(path: string): void {
  const found = lstatSync(path);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  throw new RuntimeFailure("refused", `${path} exists and is not a private directory of this user`);
}

function pointTo(link: string, target: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(link) === target) return;
  rmSync(link, { recursive: true, force: true });
  symlinkSync(target, link);
}
