/** A client of protocol version 2 that draws on a headless terminal, as the page does on a visible one. */
import { Terminal, type TerminalType, Unicode11Addon } from "../../bridge/relay/xterm.ts";
import { clearScreen } from "../../durable-objects/protocol/client.ts";
import { type Canvas, type Ears, type PeerOptions, ProtocolPeer } from "./protocol-peer.ts";

export class TerminalPeer extends ProtocolPeer {
  readonly terminal: TerminalType;

  constructor(options: PeerOptions, ears?: Ears) {
    const terminal = emptyTerminal(options.cols, options.rows);
    super(options, canvasOn(terminal), ears);
    this.terminal = terminal;
  }

  /** The rows of the screen as text, after everything that has come was drawn. */
  async screen(): Promise<string> {
    await new Promise<void>((resolve) => this.terminal.write("", resolve));
    const { active } = this.terminal.buffer;
    const rows = Array.from({ length: this.terminal.rows }, (_, row) => active.getLine(active.baseY + row));
    return rows.map((row) => row?.translateToString(true).trimEnd() ?? "").join("\n");
  }
}

/** A terminal with the bridge's widths of characters. */
export function emptyTerminal(cols: number, rows: number, scrollback = 0): TerminalType {
  const terminal = new Terminal({ cols, rows, scrollback, allowProposedApi: true });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  return terminal;
}

/** Everything is done in the order it was told, sizes too. */
export function canvasOn(terminal: TerminalType): Canvas {
  const size = (cols: number, rows: number) => terminal.write("", () => terminal.resize(cols, rows));
  return {
    draw: (data, done) => terminal.write(data, done),
    repaint: (data, cols, rows, done) => {
      size(cols, rows);
      terminal.write(clearScreen + data, done);
    },
    size,
  };
}
