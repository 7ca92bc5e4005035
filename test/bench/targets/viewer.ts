/** A viewer that renders nothing and so measures the way to it: what has arrived counts as drawn. */
import { setTimeout as delay } from "node:timers/promises";
import { type Canvas, type Ears, ProtocolPeer } from "../../support/protocol-peer.ts";
import { type BenchTerminal, collector, size } from "../terminals/terminal.ts";
import type { Place } from "./stage.ts";

export interface Viewer {
  peer: ProtocolPeer;
  terminal: BenchTerminal;
  close(): void;
}

export interface ViewerOptions {
  /** Another way to the product than the direct one. */
  port?: number;
  isCompressed?: boolean;
  cols?: number;
  rows?: number;
  ears?: Ears;
}

/** Resolves when there is a screen. */
export async function openViewer(place: Place, options: ViewerOptions = {}): Promise<Viewer> {
  const { port = place.port, isCompressed = false, ears } = options;
  const received = collector();
  const isShown = Promise.withResolvers<void>();
  const canvas: Canvas = {
    draw(data, done) {
      received.arrived(data, performance.now());
      queueMicrotask(done);
    },
    repaint(data, _cols, _rows, done) {
      received.arrived(data, performance.now());
      isShown.resolve();
      queueMicrotask(done);
    },
    size() {},
  };
  const shape = { cols: options.cols ?? size.cols, rows: options.rows ?? size.rows };
  const address = place.addressAt(port);
  const peer = new ProtocolPeer({ address, token: place.token, isCompressed, ...shape }, canvas, ears);
  await Promise.race([
    isShown.promise,
    delay(30_000, null, { ref: false }).then(() => Promise.reject(new Error("no screen"))),
  ]);
  const terminal: BenchTerminal = {
    write: (text) => peer.type(text),
    onText: received.onText,
    wireBytes: () => peer.bytesRead,
    text: received.text,
    close: async () => peer.close(),
  };
  return { peer, terminal, close: () => peer.close() };
}
