/** Reads what the scripts print of files. */
import { nameOf } from "../../../../durable-objects/protocol/file-paths.ts";
import type { FileFacts } from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import type { WrittenFile } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { toldSize, toldTime } from "../../told-facts.ts";

const line = /^(file|directory|link|other) (\d+) (-?\d+) ([01]) ([0-9-]+)$/;

/** One file's facts, as `facts` of the scripts prints them: a line and what a link says. */
export function readFacts(printed: Buffer, name: Buffer | string): FileFacts {
  const end = printed.indexOf("\n");
  const [, kind, size, seconds, executable, etag] = line.exec(printed.toString("utf8", 0, Math.max(0, end))) ?? [];
  if (kind === undefined || etag === undefined)
    throw new RuntimeFailure("unavailable", "The environment's programs tell nothing of files");
  const text = name.toString();
  return {
    name: text.slice(0, limits.maxFileNameBytes),
    is_readable_name: typeof name === "string" || Buffer.from(text).equals(name),
    kind: kind as FileFacts["kind"],
    size: kind === "file" ? toldSize(Number(size)) : 0,
    modified_at: toldTime(Number(seconds) * 1000),
    is_executable: executable === "1",
    target:
      kind === "link"
        ? printed
            .toString("utf8", end + 1)
            .replace(/\0$/, "")
            .slice(0, limits.maxFileNameBytes)
        : null,
    etag: etag.slice(0, 96),
  };
}

/** A file that got its name, as `place` prints it: whether that is new, then its facts. */
export function writtenFile(printed: Buffer, path: string): WrittenFile {
  const end = printed.indexOf("\n");
  return {
    isNew: printed.toString("latin1", 0, Math.max(0, end)) === "1",
    file: readFacts(printed.subarray(end + 1), nameOf(path) || "."),
  };
}

/** What stands between NULs. */
export function fields(printed: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0, end = printed.indexOf(0); end !== -1; from = end + 1, end = printed.indexOf(0, from)) {
    found.push(printed.subarray(from, end));
  }
  return found;
}
