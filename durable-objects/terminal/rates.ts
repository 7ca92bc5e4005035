/**
 * How much a viewer may send: frames and bytes from two buckets. Errors are acknowledged by nobody, so that whoever has
 * been refused too often, for whatever reason, is closed.
 */
import { limits } from "../protocol/timing.ts";
import { fill } from "./bucket.ts";
import type { Viewer } from "./viewers.ts";

export const tooManyMessages = "Too many messages; this one was not applied";

/** Takes a frame of so many characters out of the viewer's buckets and says whether it was in them. */
export function isWithinRate(viewer: Viewer, now: number, characters: number): boolean {
  const frames = fill(viewer.frames, now, limits.clientFramesPerSecond, limits.clientFrameBurst);
  const bytes = fill(viewer.bytes, now, limits.clientInputBytesPerSecond, limits.clientInputBurstBytes);
  const isWithin = frames.tokens >= 1 && bytes.tokens >= characters;
  if (isWithin) {
    frames.tokens -= 1;
    bytes.tokens -= characters;
  }
  viewer.frames = frames;
  viewer.bytes = bytes;
  return isWithin;
}

/** Counts a frame that was refused. */
export function noteRefused(viewer: Viewer, now: number): void {
  const refusals = fill(viewer.refusals, now, limits.forgivenFramesPerSecond, limits.maxRefusedFrames);
  viewer.refusals = { ...refusals, tokens: refusals.tokens - 1 };
}

/** Whether it has been refused too often. */
export function isFlooding({ refusals }: Viewer): boolean {
  return refusals !== null && refusals.tokens < 1;
}

export function lengthOf(data: string | ArrayBuffer): number {
  return typeof data === "string" ? data.length : data.byteLength;
}
