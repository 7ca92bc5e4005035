/** Log lines are shown as text: the colours and cursor moves that programs write into them are left out. */

const esc = String.fromCharCode(27);
const bell = String.fromCharCode(7);

/** CSI sequences (ECMA-48 section 5.4), OSC strings up to BEL or ST, and two-character escapes. */
const sequences = new RegExp(
  `${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${esc}]*(?:${bell}|${esc}\\\\)|[ -/]*[0-~])`,
  "g",
);

/** The text of one line without sequences; of a progress line that overwrote itself, what was left to see. */
export function plainText(line: string): string {
  const text = line.replace(sequences, "").replace(/[\r\n]+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}
