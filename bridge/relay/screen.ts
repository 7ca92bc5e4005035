/**
 * The screen of one terminal, drawn from the same bytes the viewers get, so that a viewer who joins can be given
 * the picture instead of history. A snapshot stands at an exact offset, between sequences.
 */
import type { TerminalSize } from "../runtime/runtime.ts";
import { styleOf } from "./cell-style.ts";
import type { KeyModes } from "./typing.ts";
import { penOf, SerializeAddon, Terminal, type TerminalType, Unicode11Addon } from "./xterm.ts";

export interface Snapshot {
  seq: number;
  size: TerminalSize;
  bytes: Uint8Array;
}

/** Serialize leaves the pen of the main screen on while it draws the alternate one. */
const alternateScreen = "\u001b[?1049h\u001b[H";
const alternateScreenReset = "\u001b[?1049h\u001b[0m\u001b[H";

/** Serialize writes a move by 0 columns where it means none; a terminal moves by 1 (ECMA-48 8.3.20 and 8.3.18). */
const movesByNothing = ["\u001b[0C", "\u001b[0D"];

/** The parser keeps four times the largest piece it was ever given, for good: an exec may bring 64 KiB in one. */
const parsedAtOnceBytes = 4_096;

const mouseEncodings = [1005, 1006];

export class Screen {
  readonly #terminal: TerminalType;
  readonly #serializer = new SerializeAddon();
  #fedSeq: number;
  /** Modes that Serialize does not know: the scroll region (1-based, null = whole screen), cursor, its shape. */
  #region: [number, number] | null = null;
  #isCursorHidden = false;
  #mouseEncodings = new Set<number>();
  #cursorShape = 0;

  /** `seq` is the offset of the first byte that will be fed. */
  constructor(size: TerminalSize, seq: number) {
    this.#terminal = new Terminal({ ...size, scrollback: 0, allowProposedApi: true });
    this.#terminal.loadAddon(this.#serializer);
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = "11";
    this.#fedSeq = seq;
    this.#watchModes();
  }

  /** What programs ask of keys and pastes, as far as it was parsed. */
  get modes(): KeyModes {
    const { bracketedPasteMode, applicationCursorKeysMode } = this.#terminal.modes;
    return { isBracketedPaste: bracketedPasteMode, isApplicationCursor: applicationCursorKeysMode };
  }

  feed(bytes: Uint8Array): void {
    this.#fedSeq += bytes.length;
    for (let at = 0; at < bytes.length; at += parsedAtOnceBytes) {
      this.#terminal.write(bytes.subarray(at, at + parsedAtOnceBytes));
    }
  }

  /** Takes effect after everything that was fed. */
  resize(size: TerminalSize): void {
    this.#terminal.write("", () => {
      this.#terminal.resize(size.cols, size.rows);
      this.#region = null;
    });
  }

  /** The picture after everything that was fed so far; called synchronously when the parser is exactly there. */
  snapshot(callback: (snapshot: Snapshot) => void): void {
    const seq = this.#fedSeq;
    this.#terminal.write("", () => {
      const { cols, rows } = this.#terminal;
      callback({ seq, size: { cols, rows }, bytes: Buffer.from(this.#draw()) });
    });
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  #draw(): string {
    const serialized = this.#serializer.serialize({ scrollback: 0 }).replace(alternateScreen, alternateScreenReset);
    const picture = movesByNothing.reduce((text, move) => text.replaceAll(move, ""), serialized);
    const cursor = this.#isCursorHidden ? "\u001b[?25l" : "";
    const shape = this.#cursorShape === 0 ? "" : `\u001b[${this.#cursorShape} q`;
    const mouse = [...this.#mouseEncodings].map((mode) => `\u001b[?${mode}h`).join("");
    return picture + this.#drawRegionAndCursor() + cursor + shape + mouse;
  }

  /**
   * Setting a region moves the cursor home, and Serialize may leave the cursor a column off behind wide characters or
   * before a last column that was written: it is put right at the end.
   */
  #drawRegionAndCursor(): string {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    const region = this.#region === null ? "" : `\u001b[${this.#region.join(";")}r`;
    const at = (x: number) => `\u001b[${cursorY + 1};${x + 1}H`;
    return region + (cursorX < this.#terminal.cols ? at(cursorX) : this.#drawWaitingCursor(at));
  }

  /**
   * Behind the last column a cursor waits for the next character to wrap (DEC's pending wrap). Only a character that is
   * drawn there brings it so far, not even DECRC: the last cell is drawn once more, and the pen taken up again.
   */
  #drawWaitingCursor(at: (x: number) => string): string {
    const { active } = this.#terminal.buffer;
    const line = active.getLine(active.baseY + active.cursorY);
    const last = this.#terminal.cols - 1;
    const x = line?.getCell(last)?.getWidth() === 0 ? last - 1 : last;
    const cell = line?.getCell(x);
    if (cell === undefined) return at(last);
    return `${at(x)}${styleOf(cell)}${cell.getChars() || " "}${styleOf(penOf(this.#terminal))}`;
  }

  #watchModes(): void {
    const { parser } = this.#terminal;
    parser.registerCsiHandler({ final: "r" }, (params) => {
      const [top, bottom] = [Number(params[0] || 1), Number(params[1] || this.#terminal.rows)];
      this.#region = top <= 1 && bottom >= this.#terminal.rows ? null : [top, bottom];
      return false;
    });
    parser.registerCsiHandler({ intermediates: " ", final: "q" }, (params) => {
      this.#cursorShape = Number(params[0] ?? 0);
      return false;
    });
    for (const final of ["h", "l"]) {
      parser.registerCsiHandler({ prefix: "?", final }, (params) => {
        if (params.includes(25)) this.#isCursorHidden = final === "l";
        for (const mode of mouseEncodings.filter((each) => params.includes(each))) {
          if (final === "h") this.#mouseEncodings.add(mode);
          else this.#mouseEncodings.delete(mode);
        }
        return false;
      });
    }
  }
}
