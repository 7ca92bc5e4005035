/** Target 3, first half: who comes back is sent what it lacks, and hardly more. */
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { clientProtocol2 } from "../../../durable-objects/protocol/client.ts";
import { type Frame2, readFrame2 } from "../../../workers/web/terminal/frames-2.ts";
import { percentile } from "../statistics.ts";
import { run } from "../terminals/terminal.ts";
import type { Place, Stage } from "./stage.ts";
import { atMost, none, plain, type Target } from "./target.ts";
import { openViewer } from "./viewer.ts";

interface Position {
  epoch: string;
  gen: number;
  seq: number;
}

/** About so many characters are printed between two dials. */
const gaps = [0, 200, 1_000, 4_000, 12_000, 30_000] as const;
const quietMs = 120;

/** Dials again and again from where it was, with `rounds` of every gap. */
export async function resume(stage: Stage, rounds: number): Promise<Target> {
  const place = await stage.newPlace();
  const watching = await openViewer(place);
  await run(watching.terminal, "PS1=");
  let { position, windows } = await listen(place, null);
  const overheads: number[] = [];
  const onWire: number[] = [];
  const overTerminalBytes: number[] = [];
  const waitsMs: number[] = [];
  let snapshots = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const gap of gaps) {
      if (gap > 0) await run(watching.terminal, printing(gap));
      const heard = await listen(place, { position, windows });
      snapshots += heard.snapshots;
      overheads.push(heard.textBytes - (heard.position.seq - position.seq));
      onWire.push(heard.wireBytes - (heard.position.seq - position.seq));
      overTerminalBytes.push(heard.terminalBytes - (heard.position.seq - position.seq));
      waitsMs.push(heard.firstMs);
      position = heard.position;
      windows = heard.windows;
    }
  }
  watching.close();
  return {
    number: 3,
    title: "Resume inside the window",
    note: `A client greets with the place it stood at, ${gaps.join(", ")} printed characters later. Everything the socket brings after the upgrade (welcome, hello, iack, the JSON around and in the output), deflated as phones ask for it, less the bytes that were lacking.`,
    figures: [
      none("snapshots instead of the gap", snapshots),
      none("terminal bytes beyond the gap", Math.max(...overTerminalBytes)),
      atMost("bytes on the wire beyond the gap, worst", Math.max(...onWire), 200, "B"),
      plain("the same without a gap, median", `${percentile(withoutGap(onWire), 0.5)} B`),
      plain("before deflate, without a gap", `${percentile(withoutGap(overheads), 0.5)} B`),
      atMost("first right frame p99", percentile(waitsMs, 0.99), 20, "ms"),
      plain("the same p50 / p90", `${[0.5, 0.9].map((share) => percentile(waitsMs, share).toFixed(1)).join(" / ")} ms`),
    ],
  };
}

/** The end's mark comes once tmux is at rest: in the middle of a burst it may be drawn in two pieces. */
const printing = (characters: number) =>
  `head -c ${characters} /dev/zero | tr '\\0' 'abcdefgh' | fold -w 60; sleep 0.1`;

const withoutGap = (values: readonly number[]) => values.filter((_, at) => at % gaps.length === 0);

interface Heard {
  position: Position;
  /** The mark of the windows it knows. */
  windows: string | undefined;
  /** Text of all frames. */
  textBytes: number;
  /** The same on TCP, deflated. */
  wireBytes: number;
  terminalBytes: number;
  snapshots: number;
  /** From our hello to the frame with which the picture is right. */
  firstMs: number;
}

/** One socket from hello to silence. */
async function listen(place: Place, from: Pick<Heard, "position" | "windows"> | null): Promise<Heard> {
  const headers = { authorization: `Bearer ${place.token}` };
  const socket = new WebSocket(place.addressAt(place.port), [clientProtocol2], { headers, perMessageDeflate: true });
  const heard: Heard = {
    position: from?.position ?? { epoch: "", gen: 0, seq: 0 },
    windows: from?.windows,
    textBytes: 0,
    wireBytes: 0,
    terminalBytes: 0,
    snapshots: 0,
    firstMs: 0,
  };
  let saidAtMs = 0;
  let lastAtMs = performance.now();
  let wireBytes = () => 0;
  socket.on("upgrade", ({ socket: way }) => {
    const answered = way.bytesRead;
    wireBytes = () => way.bytesRead - answered;
  });
  socket.on("open", () => {
    saidAtMs = performance.now();
    socket.send(JSON.stringify({ type: "hello", cid: "bench-resume", cols: 80, rows: 24, visible: true, ...from }));
  });
  socket.on("message", (data) => {
    lastAtMs = performance.now();
    const text = data.toString();
    heard.textBytes += Buffer.byteLength(text);
    const frame = readFrame2(text);
    if (frame === null) return;
    take(heard, frame);
    if (frame.type === "iack" || frame.type === "snapshot" || frame.type === "output")
      heard.firstMs = lastAtMs - saidAtMs;
  });
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  while (heard.firstMs === 0 || performance.now() - lastAtMs < quietMs) await delay(10);
  heard.wireBytes = wireBytes();
  socket.terminate();
  return heard;
}

function take(heard: Heard, frame: Frame2): void {
  if (frame.type === "hello") heard.position = { ...heard.position, epoch: frame.epoch, gen: frame.gen };
  if (frame.type === "windows") heard.windows = frame.mark;
  if (frame.type === "snapshot") {
    heard.snapshots += 1;
    heard.position = { ...heard.position, gen: frame.gen, seq: frame.seq };
  }
  if (frame.type === "output") {
    const bytes = Buffer.byteLength(frame.data);
    heard.terminalBytes += bytes;
    heard.position = { ...heard.position, seq: frame.seq + bytes };
  }
}
