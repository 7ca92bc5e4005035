/**
 * The text of one paste on its way to the terminal. Between the brackets a program takes everything as text, so
 * nothing inside may look like the end of them: the escape of such a sequence is made visible, also where parts cut it.
 */

const esc = "\u001b";
const pasteBegin = `${esc}[200~`;
const pasteEnd = `${esc}[201~`;
/** Shown for the escape; replaced rather than removed, so that what is left forms no new bracket. */
const visibleEscape = "\u241b";

const brackets = new RegExp(`${esc}(?=\\[20[01]~)`, "g");
/** What may become a bracket, or a character, with the next part. */
const unfinished = new RegExp(`(?:${esc}(?:\\[(?:2(?:0[01]?)?)?)?|[\\ud800-\\udbff])$`);

export class Paste {
  readonly from: string;
  readonly id: string;
  readonly #isBracketed: boolean;
  #isBegun = false;
  #held = "";

  /** Brackets are for a terminal that asks for them; any other would take them for keys. */
  constructor(from: string, id: string, isBracketed: boolean) {
    this.from = from;
    this.id = id;
    this.#isBracketed = isBracketed;
  }

  /** What may be written now of everything up to this part. */
  add(data: string): string {
    const all = this.#held + data;
    this.#held = unfinished.exec(all)?.[0] ?? "";
    const whole = all.slice(0, all.length - this.#held.length).replace(brackets, visibleEscape);
    return this.#begin() + whole;
  }

  /** The rest. A bare escape before the closing bracket would make one key of both. */
  end(): string {
    const rest = this.#isBracketed ? this.#held.replace(esc, visibleEscape) : this.#held;
    this.#held = "";
    return this.#begin() + rest + (this.#isBracketed ? pasteEnd : "");
  }

  #begin(): string {
    const begin = this.#isBracketed && !this.#isBegun ? pasteBegin : "";
    this.#isBegun = true;
    return begin;
  }
}
