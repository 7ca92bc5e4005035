/** Which sizes a terminal can have. */
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { RuntimeFailure, type TerminalSize } from "../runtime.ts";

/** One bad size freezes some terminals for ever, so only sane ones leave us; throws `refused` for others. */
export function refuseBadSize(size: TerminalSize): void {
  for (const cells of [size.cols, size.rows]) {
    if (Number.isInteger(cells) && cells >= limits.minTerminalCells && cells <= limits.maxTerminalCells) continue;
    throw new RuntimeFailure("refused", `A terminal cannot have ${cells} columns or rows`);
  }
}
