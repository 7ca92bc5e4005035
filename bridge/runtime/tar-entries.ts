/**
 * What is taken of an archive: files, directories, and links that lead nowhere but within it. Everything else is
 * refused by its name: paths that lead out, hard links, devices, pipes, formats with holes.
 */
import type { Header } from "tar-stream";
import { segmentsOf, stagingName } from "../../durable-objects/protocol/file-paths.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { RuntimeFailure } from "./runtime.ts";

export type TarEntry =
  | { kind: "directory"; names: string[]; mode: number }
  | { kind: "file"; names: string[]; mode: number; size: number; modifiedAt: Date }
  | { kind: "link"; names: string[]; target: string };

/** Looks at one header after the other of an archive. */
export class TarEntries {
  readonly #files = new Set<string>();

  /** The entry that a header announces; throws `unsafe_archive`. No names = the directory that is unpacked into. */
  next(header: Header): TarEntry {
    const entry = tarEntry(header);
    for (let depth = 1; depth < entry.names.length; depth += 1) {
      if (this.#files.has(entry.names.slice(0, depth).join("/"))) throw unsafe(header.name, "lies below a file");
    }
    if (entry.kind === "file") this.#files.add(entry.names.join("/"));
    return entry;
  }
}

function tarEntry({ name, type, linkname, mode, size, mtime }: Header): TarEntry {
  const names = safeNames(name);
  switch (type) {
    case "directory":
      return { kind: "directory", names, mode };
    case "file":
    case "contiguous-file":
      if (names.length === 0) throw unsafe(name, "has no name");
      return { kind: "file", names, mode, size, modifiedAt: mtime };
    case "symlink":
      if (names.length === 0) throw unsafe(name, "has no name");
      refuseLeadingOut(name, names, linkname ?? "");
      return { kind: "link", names, target: linkname ?? "" };
    default:
      throw unsafe(name, `is a ${type ?? "kind"} that is not unpacked`);
  }
}

function safeNames(path: string): string[] {
  const bytes = (text: string) => Buffer.byteLength(text);
  // A name may be megabytes long: nothing is made of it before that is known.
  if (bytes(path) > limits.maxFilePathBytes) throw unsafe(path, "has too long a name");
  const names = segmentsOf(path);
  if (path.startsWith("/") || names.includes("..")) throw unsafe(path, "leads out of the directory");
  if (path.includes("\0") || path.includes("\uFFFD")) throw unsafe(path, "has a name that is not UTF-8");
  if (names.some((name) => bytes(name) > limits.maxFileNameBytes)) throw unsafe(path, "has too long a name");
  if (names.length > limits.maxArchiveDepth) throw unsafe(path, "lies too deep");
  if (names[0] === stagingName) throw unsafe(path, "has a name that is ours");
  return names;
}

/** Counted from where the link lies. */
function refuseLeadingOut(path: string, names: readonly string[], target: string): void {
  if (Buffer.byteLength(target) > limits.maxFilePathBytes) throw unsafe(path, "has too long a target");
  let depth = names.length - 1;
  for (const name of segmentsOf(target)) {
    depth += name === ".." ? -1 : 1;
    if (depth < 0) throw unsafe(path, "links out of the directory");
  }
  if (target === "" || target.startsWith("/") || target.includes("\0"))
    throw unsafe(path, "links out of the directory");
}

function unsafe(path: string, why: string): RuntimeFailure {
  return new RuntimeFailure("unsafe_archive", `${JSON.stringify(path.slice(0, 200))} ${why}`);
}
