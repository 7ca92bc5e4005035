/** Shows what was typed as one line of text: control characters as people write them, long ones cut. Pure. */

const longestShown = 80;

const named: Readonly<Record<string, string>> = { "\r": "⏎", "\n": "⏎", "\t": "⇥", "\u001b": "⎋", "\u007f": "⌫" };

export function visibleText(text: string): string {
  const characters = [...text.slice(0, 2 * longestShown)];
  const shown = characters.slice(0, longestShown).map(visible).join("");
  return text.length > longestShown ? `${shown}… (${text.length} characters)` : shown;
}

/** Caret notation for the rest of C0, as a terminal echoes it. */
function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return named[character] ?? (code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : character);
}
