/** How much a viewer may send: frames and bytes from two buckets; who goes on regardless is closed. */
import { limits } from "../protocol/timing.ts";
import { fill } from "./bucket.ts";
import type { Viewer } from "./viewers.ts";

export const tooManyMessages = "Too many messages; this one was not applied";

/** Takes a frame of so many characters out of the viewer's buckets and says whether it was in them. */
export function isWithinRate(viewer: Viewer, now: number, characters: number): boolean {
  const frames = fill(viewer.frames, now, limits.clientFramesPerSecond, limits.clientFrameBurst);
  const bytes = fill(viewer.bytes, now, limits.clientInputBytesPerSecond, limits.clientInputBurstBytes);
  if (frames.tokens === limits.clientFrameBurst) viewer.refusedFrames = 0;
  const isWithin = frames.tokens >= 1 && bytes.tokens >= characters;
  if (isWithin) {
    frames.tokens -= 1;
    bytes.tokens -= characters;
  }
  viewer.frames = frames;
  viewer.bytes = bytes;
  return isWithin;
}

/** Counts a frame that was refused, and says whether it was one too many. */
export function isFlooding(viewer: Viewer): boolean {
  viewer.refusedFrames += 1;
  return viewer.refusedFrames > limits.maxRefusedFrames;
}

export function lengthOf(data: string | ArrayBuffer): number {
  return typeof data === "string" ? data.length : data.byteLength;
}
