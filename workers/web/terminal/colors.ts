/** The terminal's colours on a dark and on a light page; the sixteen ANSI ones are tuned to be read on each ground. */
import type { ITheme } from "@xterm/xterm";

const dark: ITheme = {
  background: "#0f1211",
  foreground: "#e4e8e3",
  cursor: "#7ee0a8",
  cursorAccent: "#0f1211",
  selectionBackground: "#2f5d47",
  black: "#2a302d",
  red: "#f07f78",
  green: "#7ee0a8",
  yellow: "#e8c06a",
  blue: "#82b4f5",
  magenta: "#d79af0",
  cyan: "#74d3d6",
  white: "#d3d8d2",
  brightBlack: "#7b857f",
  brightRed: "#ff9d96",
  brightGreen: "#a0f0c2",
  brightYellow: "#f7d68c",
  brightBlue: "#a8ccff",
  brightMagenta: "#e6b8fb",
  brightCyan: "#9ae6e8",
  brightWhite: "#ffffff",
};

const light: ITheme = {
  background: "#fffefb",
  foreground: "#232722",
  cursor: "#0b7a4b",
  cursorAccent: "#fffefb",
  selectionBackground: "#bfe6d0",
  black: "#232722",
  red: "#b3261e",
  green: "#0b7a4b",
  yellow: "#8a5a00",
  blue: "#1f5fbf",
  magenta: "#8a3aa8",
  cyan: "#0b6f75",
  white: "#6b736d",
  brightBlack: "#59615b",
  brightRed: "#c93a31",
  brightGreen: "#128a57",
  brightYellow: "#9c6a00",
  brightBlue: "#2f70d6",
  brightMagenta: "#9c49bb",
  brightCyan: "#118087",
  brightWhite: "#3a403b",
};

export function terminalTheme(isDark: boolean): ITheme {
  return isDark ? dark : light;
}
