/** An archive on its way up, entry by entry looked through and written anew: only what is taken of it reaches the pod. */
import { extract, pack } from "tar-stream";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import type { Bytes } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { TarEntries, type TarEntry } from "../../tar-entries.ts";

const fileBits = 0o777;
const ownBits = 0o700;
/** Some programs read so many bytes at a time, to the end. */
const recordBytes = 10_240;

/** The archive as it is to be unpacked; `seen` is told of every entry. */
export async function* sifted(body: Bytes, seen: (entry: TarEntry) => void): Bytes {
  const [reader, writer] = [extract(), pack()];
  // What goes wrong is told where it is awaited.
  for (const stream of [reader, writer]) stream.on("error", () => undefined);
  const fed = feed(reader, body);
  const moved = move(reader, writer, seen).then(
    () => writer.finalize(),
    (error: unknown) => writer.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  let bytes = 0;
  try {
    for await (const chunk of writer as AsyncIterable<unknown>) {
      if (!(chunk instanceof Uint8Array)) continue;
      bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    throw (await fed) ?? asBadArchive(error);
  } finally {
    await moved;
  }
  const cause = await fed;
  if (cause !== null) throw cause;
  yield Buffer.alloc((recordBytes - (bytes % recordBytes)) % recordBytes);
}

async function move(
  reader: ReturnType<typeof extract>,
  writer: ReturnType<typeof pack>,
  seen: (entry: TarEntry) => void,
) {
  const entries = new TarEntries();
  let count = 0;
  for await (const source of reader) {
    source.on("error", () => undefined);
    count += 1;
    if (count > limits.maxArchiveEntries) {
      throw new RuntimeFailure("too_many_entries", `An archive may have ${limits.maxArchiveEntries} entries`);
    }
    const entry = entries.next(source.header);
    seen(entry);
    await pass(entry, source as AsyncIterable<unknown>, writer);
  }
}

async function pass(entry: TarEntry, content: AsyncIterable<unknown>, writer: ReturnType<typeof pack>): Promise<void> {
  const name = entry.names.join("/") || ".";
  if (entry.kind !== "file") {
    const header =
      entry.kind === "link"
        ? { type: "symlink" as const, linkname: entry.target }
        : { type: "directory" as const, mode: (entry.mode & fileBits) | ownBits };
    writer.entry({ name, ...header });
    for await (const _ of content);
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined);
  const header = { name, size: entry.size, mode: entry.mode & fileBits, mtime: entry.modifiedAt };
  const sink = writer.entry(header, (error) => (error ? reject(error) : resolve()));
  sink.on("error", () => undefined);
  for await (const chunk of content)
    if (!sink.write(chunk)) await new Promise<void>((drained) => sink.once("drain", () => drained()));
  sink.end(undefined);
  await promise;
}

/** Feeds the reader no faster than it reads; resolves with what went wrong with the body itself. */
async function feed(reader: ReturnType<typeof extract>, body: Bytes): Promise<unknown> {
  try {
    for await (const chunk of body) {
      if (reader.destroyed) return null;
      if (!reader.write(chunk)) {
        await new Promise<void>((resolve) => {
          reader.once("drain", () => resolve());
          reader.once("close", () => resolve());
        });
      }
    }
    reader.end(undefined);
    return null;
  } catch (error) {
    reader.destroy(error instanceof Error ? error : new Error(String(error)));
    return error;
  }
}

function asBadArchive(error: unknown): unknown {
  if (error instanceof RuntimeFailure || error instanceof TypeError) return error;
  return new RuntimeFailure("bad_archive", "This is not a tar archive, or it is cut");
}
