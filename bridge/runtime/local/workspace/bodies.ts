/** Bodies of a known length between the wire and open files: bounded memory, and exactly as many bytes as were said. */
import type { FileHandle } from "node:fs/promises";
import { exactly, inBlocks } from "../../bodies.ts";
import type { Bytes } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";

const chunkBytes = 262_144;

/**
 * Writes exactly `length` bytes from `position` on, a block while the next one comes. Throws `unavailable` for a body that is
 * cut or goes on.
 */
export async function writeBody(file: FileHandle, body: Bytes, length: number, position = 0): Promise<void> {
  let at = position;
  let writing = Promise.resolve();
  try {
    for await (const block of inBlocks(exactly(body, length), chunkBytes)) {
      await writing;
      writing = writeAll(file, block, at);
      // Told where it is awaited, which may be a slow device later.
      writing.catch(() => undefined);
      at += block.byteLength;
    }
  } finally {
    await writing;
  }
}

async function writeAll(file: FileHandle, block: Uint8Array, position: number): Promise<void> {
  for (let from = 0; from < block.byteLength; ) {
    const { bytesWritten } = await file.write(block, from, block.byteLength - from, position + from);
    from += bytesWritten;
  }
}

/** Reads `length` bytes from `from` on. Throws `file_changed` when the file has become too short for that. */
export async function* readBody(file: FileHandle, from: number, length: number): Bytes {
  for (let done = 0; done < length; ) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, length - done));
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, from + done);
    if (bytesRead === 0) throw new RuntimeFailure("file_changed", "The file was shortened while it was read");
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
