/** Targets 7, 8, 10 and 11: what the wire carries. */
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { silence, typeKeys } from "../echo.ts";
import { run } from "../terminals/terminal.ts";
import type { Stage } from "./stage.ts";
import { atMost, none, plain, type Target } from "./target.ts";
import { openViewer, type Viewer } from "./viewer.ts";

const sum = (counts: ReadonlyMap<string, number>, ...names: readonly string[]) =>
  names.reduce((all, name) => all + (counts.get(name) ?? 0), 0);

/** Frames under a flood, messages for a key; of one viewer, so that what reaches it is what the bridge sent. */
export async function messages(stage: Stage, seconds: number): Promise<Target> {
  const viewer = await openViewer(await stage.newPlace());
  const { counts } = viewer.peer;
  viewer.peer.type("yes 'a flood of lines'\r");
  await delay(500);
  const before = sum(counts, "output", "snapshot");
  await delay(seconds * 1_000);
  const frames = (sum(counts, "output", "snapshot") - before) / seconds;
  viewer.peer.type("\u0003");
  await silence(viewer.terminal);
  const perKey = await messagesPerKey(viewer);
  viewer.close();
  return {
    number: 7,
    title: "Messages",
    note: "Under a flood the bridge's frames a second, seen by its only viewer. For a key what comes in to the object: the client's frames and the bridge's.",
    figures: [
      atMost("frames a second under flood", frames, 60, "/s"),
      atMost("inbound messages for a key", perKey, 2, ""),
    ],
  };
}

async function messagesPerKey({ peer, terminal }: Viewer): Promise<number> {
  const inbound = ["sent input", "sent ack", "output", "snapshot", "iack"];
  const keys = 300;
  const before = sum(peer.counts, ...inbound);
  await typeKeys(terminal, [terminal], keys);
  return (sum(peer.counts, ...inbound) - before) / keys;
}

/** Two people at screens of different sizes, both typing. */
export async function twoTypists(stage: Stage, seconds: number): Promise<Target> {
  const place = await stage.newPlace();
  const phone = await openViewer(place, { cols: 46, rows: 20 });
  const desk = await openViewer(place, { cols: 180, rows: 50 });
  await silence(phone.terminal);
  await delay(2_000); // the last of the sizes is applied a second after the one before
  const before = sum(desk.peer.counts, "size") + sum(phone.peer.counts, "size");
  const endsAtMs = performance.now() + seconds * 1_000;
  for (let key = 0; performance.now() < endsAtMs; key += 1) {
    (key % 2 === 0 ? phone : desk).peer.type(key % 40 === 39 ? "\r" : "x");
    await delay(50);
  }
  const resizes = sum(desk.peer.counts, "size") + sum(phone.peer.counts, "size") - before;
  phone.close();
  desk.close();
  return {
    number: 8,
    title: `Two typists with different screens, ${seconds} s`,
    note: "46x20 and 180x50, taking turns at every key.",
    figures: [none("resizes", resizes)],
  };
}

/** Characters of one to four bytes, as a flood. */
export async function characters(stage: Stage): Promise<Target> {
  const place = await stage.newPlace();
  const viewer = await openViewer(place);
  const line = "aé日😀ßñ漢🎉zΩ한🚀".repeat(3);
  writeFileSync(place.path("text"), `${line}\n`.repeat(Math.ceil(10_000_000 / Buffer.byteLength(`${line}\n`))));
  let frames = 0;
  let replacements = 0;
  const stop = viewer.terminal.onText((text) => {
    frames += 1;
    replacements += text.split("\ufffd").length - 1;
  });
  await run(viewer.terminal, "cat text", 120_000);
  stop();
  viewer.close();
  return {
    number: 10,
    title: "10 MB of characters of 1 to 4 bytes",
    note: "A frame that ended inside a character would show as U+FFFD. The suite holds it through every chunking besides.",
    figures: [none("U+FFFD", replacements), plain("frames", String(frames))],
  };
}

/** Bytes on TCP with permessage-deflate against the terminal's own. */
export async function wire(stage: Stage, seconds: number): Promise<Target> {
  let terminalBytes = 0;
  const onFrame = (frame: { type: string; data?: unknown }) => {
    if (frame.type === "output" && typeof frame.data === "string") terminalBytes += Buffer.byteLength(frame.data);
  };
  const viewer = await openViewer(await stage.newPlace(), { isCompressed: true, ears: { onFrame } });
  const command = "find / -xdev -ls 2>/dev/null";
  const before = viewer.peer.bytesRead;
  terminalBytes = 0;
  viewer.peer.type(`${command}\r`);
  await delay(seconds * 1_000);
  const wireBytes = viewer.peer.bytesRead - before;
  const rawBytes = terminalBytes;
  viewer.peer.type("\u0003");
  viewer.close();
  return {
    number: 11,
    title: "Bytes on the wire",
    note: "A long `find -ls`, what came over TCP with deflate, against the bytes of tmux's attach stream in it.",
    figures: [
      atMost("share of the raw bytes", (wireBytes / rawBytes) * 100, 20, "%"),
      plain("raw", `${Math.round(rawBytes / 1_000)} KB in ${seconds} s`),
    ],
  };
}
