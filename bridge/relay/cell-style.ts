/** How a terminal is told to draw the way one cell of its buffer is drawn (ECMA-48 8.3.117, SGR). */
import type { CellType } from "./xterm.ts";

/** `ESC [ 0 ; … m`: everything that the cell is, and nothing that the pen was before. */
export function styleOf(cell: CellType): string {
  const codes = [0, ...attributesOf(cell)];
  if (cell.isFgRGB()) codes.push(38, 2, ...rgb(cell.getFgColor()));
  if (cell.isFgPalette()) codes.push(...palette(30, cell.getFgColor()));
  if (cell.isBgRGB()) codes.push(48, 2, ...rgb(cell.getBgColor()));
  if (cell.isBgPalette()) codes.push(...palette(40, cell.getBgColor()));
  return `\u001b[${codes.join(";")}m`;
}

function attributesOf(cell: CellType): number[] {
  const attributes: [number, number][] = [
    [1, cell.isBold()],
    [2, cell.isDim()],
    [3, cell.isItalic()],
    [4, cell.isUnderline()],
    [5, cell.isBlink()],
    [7, cell.isInverse()],
    [8, cell.isInvisible()],
    [9, cell.isStrikethrough()],
    [53, cell.isOverline()],
  ];
  return attributes.filter(([, isOn]) => isOn !== 0).map(([code]) => code);
}

/** The first 16 colours keep their own codes: a bold one of them may be drawn brighter, one of the 256 never is. */
function palette(base: 30 | 40, color: number): number[] {
  if (color >= 16) return [base + 8, 5, color];
  return [color < 8 ? base + color : base + 60 + (color & 7)];
}

const rgb = (color: number): number[] => [(color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff];
