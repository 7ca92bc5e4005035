/** `cat` of a large text: how long until the prompt is back, what it cost on the wire, and whether the end is right. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import xterm from "@xterm/headless";
import { type BenchOptions, baseName } from "./options.ts";
import { figure, ratio, type Table } from "./report.ts";
import { scratchDirectory } from "./scratch.ts";
import { median, rotated } from "./statistics.ts";
import { type BenchTerminal, type Contestant, run, size } from "./terminals/terminal.ts";

const rounds = 3;
const bytesPerMegabyte = 1_000_000;

interface Burst {
  seconds: number;
  wireBytes: number;
}

/** Lets everyone print the same file, alternating; a wrong last line on anybody's screen throws. */
export async function burst(contestants: readonly Contestant[], options: BenchOptions): Promise<Table> {
  const directory = scratchDirectory();
  const lines = textOf(options.catMegabytes * bytesPerMegabyte);
  const file = join(directory.path, "text");
  await writeFile(file, lines.join(""));
  const players = await Promise.all(
    contestants.map(async ({ name, open }) => ({ name, terminal: await open({ isCompressed: true }) })),
  );
  const bursts = new Map(players.map(({ name }) => [name, [] as Burst[]]));
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, terminal } of rotated(players, round)) {
        bursts.get(name)?.push(await print(terminal, file));
        await expectEnd(name, terminal, lines);
      }
    }
  } finally {
    directory.remove();
  }
  for (const { terminal } of players) await terminal.close();
  return tableOf(bursts, options);
}

async function print(terminal: BenchTerminal, file: string): Promise<Burst> {
  await run(terminal, "clear");
  const bytesBefore = terminal.wireBytes();
  const start = performance.now();
  const endMs = await run(terminal, `cat ${file}`, 180_000);
  return { seconds: (endMs - start) / 1_000, wireBytes: terminal.wireBytes() - bytesBefore };
}

/** Lines of 9 to 79 numbered characters, so that a missing or doubled one shows. */
function textOf(bytes: number): string[] {
  const filler = "the quick brown fox jumps over the lazy dog and goes on ".repeat(2);
  const lines: string[] = [];
  for (let length = 0, number = 0; length < bytes; number += 1) {
    const line = `${String(number).padStart(8)} ${filler.slice(0, (number * 7) % 71)}`.trimEnd();
    lines.push(`${line}\n`);
    length += line.length + 1;
  }
  return lines;
}

/** Renders everything received and compares the rows above the mark with the end of the file. */
async function expectEnd(name: string, terminal: BenchTerminal, lines: readonly string[]): Promise<void> {
  const rows = await render(terminal.text());
  const mark = rows.findLastIndex((row) => /^end-\d+-\d+$/.test(row));
  const shown = rows.slice(0, mark);
  const wanted = lines.slice(-shown.length).map((line) => line.trimEnd());
  const wrong = shown.findIndex((row, index) => row !== wanted[index]);
  if (shown.length < size.rows - 3 || wrong >= 0)
    throw new Error(`${name} shows a wrong screen after the burst (row ${wrong}):\n${rows.join("\n")}`);
}

async function render(text: string): Promise<string[]> {
  const emulator = new xterm.Terminal({ ...size, allowProposedApi: true, scrollback: 0 });
  await new Promise<void>((resolve) => emulator.write(text, resolve));
  const buffer = emulator.buffer.active;
  return Array.from(
    { length: size.rows },
    (_, row) => buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? "",
  );
}

function tableOf(bursts: ReadonlyMap<string, readonly Burst[]>, options: BenchOptions): Table {
  const { catMegabytes: megabytes } = options;
  const results = [...bursts].map(([name, samples]) => ({
    name,
    seconds: median(samples.map((sample) => sample.seconds)),
    wireBytes: median(samples.map((sample) => sample.wireBytes)),
  }));
  const base = options.contestants.includes(baseName) ? results[0] : undefined;
  return {
    title: `cat of ${megabytes} MB`,
    note: `Text of short lines; seconds from Enter to the line after it; the last screen is compared with the file. Medians of ${rounds} alternating rounds. tmux drops what a client cannot take, so few bytes travel; ours compresses them as phones ask it to, the peer does not.`,
    columns: ["contestant", "time to prompt s", "source MB/s", "on the wire KB", "time / floor", "wire / floor"],
    rows: results.map(({ name, seconds, wireBytes }) => [
      name,
      figure(seconds),
      figure(megabytes / seconds),
      figure(wireBytes / 1_000),
      ratio(seconds, base?.seconds),
      ratio(wireBytes, base?.wireBytes),
    ]),
  };
}
