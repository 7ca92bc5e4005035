/**
 * Sends a file in parts, on after every cut: what the server has is asked, and only the rest goes. The upload's id is kept
 * in the browser, so that the same file goes on after a reload too. Parts are slices; the file is never read whole.
 */
import type { FileCalls, UploadState } from "../../api/file-calls.ts";
import { Failed } from "../../api/problem.ts";

const blockBytes = 65_536;
const smallPartBytes = 1_048_576;
/** Fewer than the server takes, whatever the file's size. */
const maxParts = 1_500;
const retryAfterMs = 3_000;
const keptUnder = "devpocket.upload.";

export interface Uploading {
  calls: FileCalls;
  environmentId: string;
  /** The directory it goes to. */
  directory: string;
  file: File;
  /** From 0 to 1; null while the way is cut. */
  onProgress(share: number | null): void;
  signal: AbortSignal;
}

/** Resolves when the file has its name. Rejects with `Failed` for what trying again cannot help. */
export async function upload(uploading: Uploading): Promise<void> {
  for (;;) {
    try {
      return await attempt(uploading);
    } catch (error) {
      if (!isCut(error) || uploading.signal.aborted) throw error;
      uploading.onProgress(null);
      await untilOnline(uploading.signal);
    }
  }
}

async function attempt(uploading: Uploading): Promise<void> {
  const { calls, environmentId, file, onProgress, signal } = uploading;
  const state = await stateOf(uploading);
  const total = Math.ceil(file.size / state.part_bytes);
  const received = new Set(state.received);
  for (let part = 0; part < total; part += 1) {
    onProgress(total === 0 ? 1 : received.size / total);
    if (received.has(part)) continue;
    signal.throwIfAborted();
    const slice = file.slice(part * state.part_bytes, (part + 1) * state.part_bytes);
    await calls.putPart(environmentId, state.id, part, slice);
    received.add(part);
  }
  await calls.finishUpload(environmentId, state.id);
  localStorage.removeItem(keyOf(uploading));
  onProgress(1);
}

/** The upload that was begun, if the server still knows it, or a new one. */
async function stateOf(uploading: Uploading): Promise<UploadState> {
  const { calls, environmentId, directory, file } = uploading;
  const kept = localStorage.getItem(keyOf(uploading));
  const found = kept === null ? null : await calls.uploadState(environmentId, kept).catch(nullIfGone);
  if (found !== null) return found;
  const wanted = Math.max(smallPartBytes, Math.ceil(file.size / maxParts));
  const partBytes = Math.ceil(wanted / blockBytes) * blockBytes;
  const path = directory === "" ? file.name : `${directory}/${file.name}`;
  const begun = await calls.beginUpload(environmentId, path, file.size, partBytes);
  localStorage.setItem(keyOf(uploading), begun.id);
  return begun;
}

function keyOf({ environmentId, directory, file }: Uploading): string {
  return keptUnder + JSON.stringify([environmentId, directory, file.name, file.size, file.lastModified]);
}

function nullIfGone(error: unknown): null {
  const isGone = error instanceof Failed && error.failure.kind === "problem" && error.failure.status === 404;
  if (!isGone) throw error;
  return null;
}

/** No answer, or one of a server or cluster that is away, or busy with others of ours, for now. */
function isCut(error: unknown): boolean {
  if (!(error instanceof Failed)) return false;
  const { failure } = error;
  return (
    failure.kind === "offline" || (failure.kind === "problem" && (failure.status === 503 || failure.status === 429))
  );
}

function untilOnline(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, retryAfterMs);
    addEventListener("online", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
