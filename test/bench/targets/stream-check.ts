/**
 * Holds what viewers are sent against each other: within an epoch one offset has one byte, whoever got it, and each
 * viewer's bytes follow each other without gap or repetition, but where a snapshot takes their place.
 */
import { createHash } from "node:crypto";
import type { Frame2 } from "../../../workers/web/terminal/frames-2.ts";

const pageBytes = 65_536;

interface Page {
  bytes: Buffer;
  isKnown: Uint8Array;
}

export interface StreamCheck {
  /** Ears for one more viewer. */
  viewer(): (frame: Frame2) => void;
  findings(): { bytes: number; differing: number; gaps: number; snapshots: number; sha256: string };
}

export function openStreamCheck(): StreamCheck {
  const epochs = new Map<string, Map<number, Page>>();
  const found = { bytes: 0, differing: 0, gaps: 0, snapshots: 0 };

  function compare(epoch: string, seq: number, bytes: Buffer): void {
    const pages = epochs.get(epoch) ?? new Map<number, Page>();
    epochs.set(epoch, pages);
    found.bytes += bytes.length;
    for (let at = 0; at < bytes.length; at += 1) {
      const number = Math.floor((seq + at) / pageBytes);
      const page = pages.get(number) ?? { bytes: Buffer.alloc(pageBytes), isKnown: new Uint8Array(pageBytes) };
      pages.set(number, page);
      const offset = (seq + at) % pageBytes;
      if (page.isKnown[offset] === 1 && page.bytes[offset] !== bytes[at]) found.differing += 1;
      page.isKnown[offset] = 1;
      page.bytes[offset] = bytes[at] ?? 0;
    }
  }

  function viewer(): (frame: Frame2) => void {
    let epoch = "";
    let next: number | null = null;
    return (frame) => {
      if (frame.type === "hello") {
        if (frame.epoch !== epoch) next = null;
        epoch = frame.epoch;
      }
      if (frame.type === "snapshot") {
        found.snapshots += 1;
        next = frame.seq;
      }
      if (frame.type !== "output") return;
      const bytes = Buffer.from(frame.data);
      if (bytes.length > 0 && frame.seq !== next) found.gaps += 1;
      compare(epoch, frame.seq, bytes);
      next = frame.seq + bytes.length;
    };
  }

  return {
    viewer,
    findings() {
      const hash = createHash("sha256");
      for (const pages of epochs.values()) for (const { bytes } of pages.values()) hash.update(bytes);
      return { ...found, sha256: hash.digest("hex").slice(0, 16) };
    },
  };
}
