/**
 * What a window showed, as lines that are safe to print into another terminal: printable text and colours, nothing
 * that moves, asks or switches. Pure; bounded by lines and bytes.
 */

const esc = "\u001b";
const bell = "\u0007";
const colour = `${esc}\\[[0-9;:]{0,60}m`;
const colours = new RegExp(colour, "g");
/** Colours are kept (group 1), every other sequence and control character but tab is left out. */
const unprintable = new RegExp(
  `(${colour})|${esc}\\][^${bell}${esc}]*(?:${bell}|${esc}\\\\)?|${esc}\\[[0-?]*[ -/]*[@-~]?|[\\0-\\u0008\\n-\\u001f\\u007f-\\u009f]`,
  "g",
);
const resets: readonly string[] = [`${esc}[m`, `${esc}[0m`];

/** Colours that may be in force where lines are cut. More of them without a reset lose the oldest. */
const maxPen = 16;
/** Room for those in front of the first line. */
const penBytes = 2_048;

/** Shift out and in: what tmux prints around characters of the DEC line drawing set. */
const [shiftOut, shiftIn] = ["\u000e", "\u000f"];
const lineDrawing = new RegExp(`${shiftOut}([^${shiftIn}]*)(?:${shiftIn}|$)`, "g");
const lineDrawn = new RegExp(`${colour}|[\`afgj-xyz{|}~]`, "g");
const lineCharacters: Readonly<Record<string, string>> = {
  ...{ "`": "◆", a: "▒", f: "°", g: "±", j: "┘", k: "┐", l: "┌", m: "└", n: "┼", o: "⎺", p: "⎻", q: "─", r: "⎼" },
  ...{ s: "⎽", t: "├", u: "┤", v: "┴", w: "┬", x: "│", y: "≤", z: "≥", "{": "π", "|": "≠", "}": "£", "~": "·" },
};

/** One line without anything but printable text and colours. */
export function cleanLine(line: string): string {
  return line.toWellFormed().replace(unprintable, "$1");
}

/** The lines of what `capture-pane -e` printed; blank ones at the end are left out. */
export function capturedLines(printed: string): string[] {
  const drawn = printed.replace(lineDrawing, (_all, text: string) =>
    text.replace(lineDrawn, (each) => lineCharacters[each] ?? each),
  );
  const lines = drawn.split("\n").map(cleanLine);
  return lines.slice(0, lines.findLastIndex((line) => line.replace(colours, "").trim() !== "") + 1);
}

/** The newest of the lines, cleaned: as many as there may be, and as take no more than `maxBytes` as JSON. */
export function newestLines(lines: readonly string[], maxLines: number, maxBytes: number): string[] {
  const clean = lines.map(cleanLine);
  const from = Math.max(clean.length - maxLines, firstThatFits(clean, maxBytes));
  const [first, ...later] = clean.slice(from);
  return first === undefined ? [] : [penAfter(clean.slice(0, from)) + first, ...later];
}

function firstThatFits(lines: readonly string[], maxBytes: number): number {
  const sizes = lines.map((line) => Buffer.byteLength(JSON.stringify(line)) + 1);
  if (sizes.reduce((sum, size) => sum + size, 0) <= maxBytes) return 0;
  let from = lines.length;
  for (let left = maxBytes - penBytes; from > 0; from -= 1) {
    left -= sizes[from - 1] ?? 0;
    if (left < 0) break;
  }
  return from;
}

/** tmux says colours only where they change, also from line to line. */
function penAfter(lines: readonly string[]): string {
  let pen: string[] = [];
  for (const found of lines.flatMap((line) => line.match(colours) ?? [])) {
    pen = resets.includes(found) ? [] : [...pen, found].slice(-maxPen);
  }
  return pen.join("");
}
