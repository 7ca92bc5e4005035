/** Target 9: a paste of a megabyte arrives as it was, quickly, and once when it is cut in the middle. */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Place, Stage } from "./stage.ts";
import { until } from "./stage.ts";
import { atMost, none, type Target } from "./target.ts";
import { openViewer, type Viewer } from "./viewer.ts";

const bytes = 1_000_000;

export async function paste(stage: Stage): Promise<Target> {
  const place = await stage.newPlace();
  const meter = openInputMeter();
  const viewer = await openViewer(place, { ears: meter });
  const plain = await pasteInto(place, viewer, "plain", async () => {});
  const cut = await pasteInto(place, viewer, "cut", async () => {
    await until("the middle", () => place.read("cut").length > bytes / 3);
    viewer.peer.cut();
    await delay(300);
    stage.cutBridge();
  });
  viewer.close();
  return {
    number: 9,
    title: "A paste of 1 MB",
    note: "Printable text into a raw `cat > file`, compared by SHA-256. The second one is cut twice in the middle: the viewer's socket, then the bridge's link.",
    figures: [
      atMost("time", plain.ms / 1_000, 3, "s"),
      none("differences", plain.isAlike ? 0 : 1),
      atMost("most bytes in flight", meter.mostOpenBytes(), 65_536, "B"),
      atMost("time with two cuts", cut.ms / 1_000, 8, "s"),
      none("differences with two cuts", cut.isAlike ? 0 : 1),
      none("told as uncertain", viewer.peer.uncertain.length),
    ],
  };
}

async function pasteInto(place: Place, { peer }: Viewer, file: string, meanwhile: () => Promise<void>) {
  const text = randomBytes((bytes * 3) / 4)
    .toString("base64")
    .slice(0, bytes);
  peer.type(`stty raw -echo; touch ${file}.ready; head -c ${bytes} > ${file}; stty sane; touch ${file}.done\r`);
  await until("the program reads", () => place.hasFile(`${file}.ready`) && place.hasFile(file));
  const atMs = performance.now();
  peer.paste(text);
  await meanwhile();
  await until("the paste is there", () => place.hasFile(`${file}.done`), 120_000);
  const ms = performance.now() - atMs;
  const hash = (content: string) => createHash("sha256").update(content).digest("hex");
  return { ms, isAlike: hash(place.read(file)) === hash(text) };
}

/** How much input was sent and not acknowledged, at most, seen from the frames. */
function openInputMeter() {
  const open = new Map<number, number>();
  let most = 0;
  const acknowledge = (i: number) => {
    for (const number of open.keys()) if (number <= i) open.delete(number);
  };
  return {
    onSend(message: { type: string; i?: number; data?: string }) {
      if (message.type === "hello") open.clear();
      if (message.i === undefined || message.data === undefined) return;
      open.set(message.i, Buffer.byteLength(message.data));
      most = Math.max(
        most,
        [...open.values()].reduce((sum, each) => sum + each, 0),
      );
    },
    onFrame(frame: { type: string; i?: number | undefined }) {
      if ((frame.type === "iack" || frame.type === "output") && frame.i !== undefined) acknowledge(frame.i);
    },
    mostOpenBytes: () => most,
  };
}
