/** Everything a viewer can see of a terminal, as lines that compare well: cells, attributes, cursor and modes. */
import type { Terminal } from "@xterm/headless";

export function picture(terminal: Terminal): string[] {
  const { active } = terminal.buffer;
  const lines = [JSON.stringify(terminal.modes), `${active.type} ${active.cursorX},${active.cursorY}`];
  for (let y = 0; y < terminal.rows; y += 1) {
    const line = active.getLine(active.baseY + y);
    const cells = Array.from({ length: terminal.cols }, (_, x) => {
      const cell = line?.getCell(x);
      if (cell === undefined) return "";
      const marks = [cell.isBold(), cell.isDim(), cell.isItalic(), cell.isUnderline(), cell.isInverse()];
      const colours = [cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor()];
      return `${cell.getChars() || " "}${cell.getWidth()}/${[...marks, ...colours].map(Number).join()}`;
    });
    lines.push(cells.join("|"));
  }
  return lines;
}
