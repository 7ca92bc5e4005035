/** What a viewer who never left has on its screen at any place of the stream, drawn afterwards from what it heard. */

import { clearScreen } from "../../../durable-objects/protocol/client.ts";
import type { Frame2 } from "../../../workers/web/terminal/frames-2.ts";
import { picture } from "../../bridge/support/picture.ts";
import { emptyTerminal } from "../../support/terminal-peer.ts";

export interface Replica {
  hear(frame: Frame2): void;
  hasHeard(gen: number, seq: number): boolean;
  /** Places must be asked for in their order; throws for one that was passed or never came. */
  pictureAt(gen: number, seq: number): Promise<string[]>;
}

export function openReplica(): Replica {
  const terminal = emptyTerminal(80, 24);
  const frames: Frame2[] = [];
  let heard = { gen: 0, seq: 0 };
  let drawn = { gen: -1, seq: -1 };
  const write = (data: string | Uint8Array) => new Promise<void>((resolve) => terminal.write(data, resolve));

  async function draw(frame: Frame2, until: number): Promise<void> {
    switch (frame.type) {
      case "snapshot":
        terminal.resize(frame.cols, frame.rows);
        await write(clearScreen + frame.data);
        drawn = { gen: frame.gen, seq: frame.seq };
        return;
      case "size":
        terminal.resize(frame.cols, frame.rows);
        drawn = { ...drawn, gen: frame.gen };
        return;
      case "output": {
        const bytes = Buffer.from(frame.data).subarray(drawn.seq - frame.seq, until - frame.seq);
        await write(bytes);
        drawn = { ...drawn, seq: drawn.seq + bytes.length };
        return;
      }
      default:
    }
  }

  const isBefore = (gen: number, seq: number) => drawn.gen < gen || (drawn.gen === gen && drawn.seq < seq);

  return {
    hear(frame) {
      frames.push(frame);
      if (frame.type === "snapshot") heard = { gen: frame.gen, seq: frame.seq };
      if (frame.type === "size") heard = { ...heard, gen: frame.gen };
      if (frame.type === "output") heard = { ...heard, seq: frame.seq + Buffer.byteLength(frame.data) };
    },
    hasHeard: (gen, seq) => heard.gen > gen || (heard.gen === gen && heard.seq >= seq),
    async pictureAt(gen, seq) {
      while (isBefore(gen, seq)) {
        const frame = frames[0];
        if (frame === undefined) throw new Error(`${gen}/${seq} never came`);
        await draw(frame, drawn.gen === gen ? seq : Number.POSITIVE_INFINITY);
        const isWhole = frame.type !== "output" || drawn.seq >= frame.seq + Buffer.byteLength(frame.data);
        if (isWhole) frames.shift();
      }
      if (drawn.gen !== gen || drawn.seq !== seq)
        throw new Error(`${gen}/${seq} was passed at ${drawn.gen}/${drawn.seq}`);
      return picture(terminal);
    },
  };
}
