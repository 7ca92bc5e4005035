/** Whose size the terminal has: as the server says, and asked of its owner. */
import type { Size, SizePolicy } from "../terminal/terminal-line.ts";
import { choose } from "./sheet.ts";

export interface SizeChoice {
  /** What is chosen now, in words. */
  words(): string;
  ask(): Promise<void>;
  /** The server says what was chosen; nothing where it is what everybody expects. */
  know(kind?: SizePolicy["kind"]): void;
}

const words = {
  smallest: "Fits every screen",
  latest: "Fits who typed last",
  owner: "Fits my screens",
  fixed: "Stays as it is",
} as const satisfies Record<SizePolicy["kind"], string>;

/** `size` is the one that would be kept. */
export function sizeChoice(size: () => Size, say: (policy: SizePolicy) => void): SizeChoice {
  let chosen: SizePolicy["kind"] = "smallest";
  return {
    words: () => words[chosen],
    async ask() {
      const { cols, rows } = size();
      const kind = await choose<SizePolicy["kind"]>("Screen size", [
        { label: words.smallest, value: "smallest" },
        { label: words.owner, value: "owner" },
        { label: words.latest, value: "latest" },
        { label: `Stays at ${cols} × ${rows}`, value: "fixed" },
      ]);
      if (kind !== null) say(kind === "fixed" ? { kind, cols, rows } : { kind });
    },
    know(kind = "smallest") {
      chosen = kind;
    },
  };
}
