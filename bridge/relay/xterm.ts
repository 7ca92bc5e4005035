/** The terminal packages are CommonJS whose names Node cannot see; here they become ordinary named exports. */
import serialize from "@xterm/addon-serialize";
import unicode11 from "@xterm/addon-unicode11";
import headless from "@xterm/headless";

export type { Terminal as TerminalType } from "@xterm/headless";
export const { SerializeAddon } = serialize;
export const { Unicode11Addon } = unicode11;
export const { Terminal } = headless;
