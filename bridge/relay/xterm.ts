/** The terminal packages are CommonJS whose names Node cannot see; here they become ordinary named exports. */
import serialize from "@xterm/addon-serialize";
import unicode11 from "@xterm/addon-unicode11";
import headless, { type Terminal as HeadlessTerminal, type IBufferCell } from "@xterm/headless";

export type { IBufferCell as CellType, Terminal as TerminalType } from "@xterm/headless";
export const { SerializeAddon } = serialize;
export const { Unicode11Addon } = unicode11;
export const { Terminal } = headless;

/** What the next character will be drawn like. The public API does not tell; Serialize reads it from the same place. */
export function penOf(terminal: HeadlessTerminal): IBufferCell {
  const inside = terminal as unknown as { _core: { _inputHandler: { _curAttrData: IBufferCell } } };
  return inside._core._inputHandler._curAttrData;
}
