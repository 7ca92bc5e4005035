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

/** How many lines there may be, and how many bytes they may take as JSON. */
export interface LineBounds {
  maxLines: number;
  maxBytes: number;
}

/** The newest lines of what `capture-pane -e` printed, cleaned and within bounds; blank ones at the end are left out. */
export function capturedLines(printed: string, bounds: LineBounds): string[] {
  const lines = selfContainedLines(printed);
  const isBlank = (line: string) => cleanLine(drawn(line)).replace(colours, "").trim() === "";
  return newest(lines.slice(0, lines.findLastIndex((line) => !isBlank(line)) + 1), bounds, drawn);
}

/** The newest of the lines, cleaned and within bounds. */
export function newestLines(lines: readonly string[], bounds: LineBounds): string[] {
  return newest(lines, bounds, (line) => line);
}

/** From the newest line back: what is beyond the bounds may be long, and costs nothing. */
function newest(
  lines: readonly string[],
  { maxLines, maxBytes }: LineBounds,
  read: (line: string) => string,
): string[] {
  const found: string[] = [];
  let fitting = 0;
  for (let bytes = 0; found.length < Math.min(lines.length, maxLines); ) {
    const line = cleanLine(read(lines[lines.length - 1 - found.length] ?? ""));
    bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
    if (bytes > maxBytes) break;
    found.push(line);
    if (bytes <= maxBytes - penBytes) fitting = found.length;
  }
  if (found.length === lines.length) return found.reverse();
  const [first, ...later] = found.slice(0, fitting).reverse();
  return first === undefined ? [] : [penBefore(lines, lines.length - fitting, read) + first, ...later];
}

/** tmux says colours only where they change, also from line to line: those in force where line `end` begins. */
function penBefore(lines: readonly string[], end: number, read: (line: string) => string): string {
  const pen: string[] = [];
  for (let at = end - 1; at >= 0 && pen.length < maxPen; at -= 1) {
    const line = read(lines[at] ?? "").match(colours) ?? [];
    const reset = line.findLastIndex((each) => resets.includes(each));
    pen.unshift(...line.slice(reset + 1).slice(pen.length - maxPen));
    if (reset >= 0) break;
  }
  return pen.join("");
}

/** Lines of which each says by itself where it is drawn: tmux shifts out in one line and in again in a later one. */
function selfContainedLines(printed: string): string[] {
  const lines = printed.split("\n");
  if (!printed.includes(shiftOut)) return lines;
  let isOut = false;
  return lines.map((line) => {
    const whole = isOut ? shiftOut + line : line;
    isOut = whole.lastIndexOf(shiftOut) > whole.lastIndexOf(shiftIn);
    return whole;
  });
}

function drawn(line: string): string {
  return line.replace(lineDrawing, (_all, text: string) =>
    text.replace(lineDrawn, (each) => lineCharacters[each] ?? each),
  );
}
