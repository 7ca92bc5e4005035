/** Bodies of a known length between the wire and open files: bounded memory, and exactly as many bytes as were said. */
import type { FileHandle } from "node:fs/promises";
import { exactly } from "../../bodies.ts";
import type { Bytes } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";

const chunkBytes = 262_144;

/** Writes exactly `length` bytes from `position` on. Throws `unavailable` for a body that is cut or goes on. */
export async function writeBody(file: FileHandle, body: Bytes, length: number, position = 0): Promise<void> {
  let written = 0;
  for await (const chunk of exactly(body, length)) {
    for (let from = 0; from < chunk.byteLength; ) {
      const { bytesWritten } = await file.write(chunk, from, chunk.byteLength - from, position + written);
      from += bytesWritten;
      written += bytesWritten;
    }
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
