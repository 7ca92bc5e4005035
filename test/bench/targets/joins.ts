/** Targets 2 and 3, second half: who joins at any moment is shown what somebody sees who was always there. */
import { clearScreen } from "../../../durable-objects/protocol/client.ts";
import type { Frame2 } from "../../../workers/web/terminal/frames-2.ts";
import { picture } from "../../bridge/support/picture.ts";
import { emptyTerminal } from "../../support/terminal-peer.ts";
import { percentile } from "../statistics.ts";
import { openReplica, type Replica } from "./replica.ts";
import { type Place, type Stage, until } from "./stage.ts";
import { atMost, none, plain, type Target } from "./target.ts";
import { openViewer } from "./viewer.ts";

type Snapshot = Extract<Frame2, { type: "snapshot" }>;

/** Colours, wide characters, both screens, regions, modes; slow enough for everybody. */
const program = `cat > act.sh <<'END'
n=0
while [ ! -e stop ]; do
  n=$((n + 1))
  for i in 1 2 3 4 5; do printf '\\033[3%dm日本 é😀 %d-%d\\033[0m ' $((i % 8)) $n $i; done
  printf '\\033[48;2;10;20;%dm\\033[1;3;4mlong %0200d\\033[0m\\n' $((n % 200)) $n
  [ $((n % 7)) = 0 ] && printf '\\033[5;10r\\033[10;1H\\n\\n\\nregion %d\\033[r\\033[24;1H\\n' $n
  [ $((n % 9)) = 0 ] && printf '\\033[?1049h\\033[2;3H\\033[7mother screen %d\\033[0m' $n && sleep 0.05 && printf '\\033[?1049l'
  [ $((n % 11)) = 0 ] && printf '\\033[?25l\\033[?1000h\\033[?1006h\\033[?2004h'
  [ $((n % 13)) = 0 ] && printf '\\033[?25h\\033[?1000l\\033[?1006l\\033[?2004l'
  sleep 0.02
done
END
sh act.sh`;

const joinsAtOnce = 3;
const sizes = [
  { cols: 80, rows: 24 },
  { cols: 97, rows: 31 },
] as const;

/** Lets `count` viewers join, one after the other in a few lanes, while the screen changes and now and then its size. */
export async function joins(stage: Stage, count: number): Promise<Target[]> {
  const place = await stage.newPlace();
  const replica = openReplica();
  const stayed = await openViewer(place, { ears: { onFrame: replica.hear } });
  stayed.peer.type(`${program}\r`);
  await until("the program draws", () => stayed.terminal.text().includes("日本"));
  let resizes = 0;
  const resizing = setInterval(() => {
    resizes += 1;
    const { cols, rows } = sizes[resizes % 2 === 0 ? 0 : 1];
    stayed.peer.resize(cols, rows);
  }, 3_000);
  const snapshots: Snapshot[] = [];
  const waitsMs: number[] = [];
  const lane = async () => {
    while (snapshots.length < count) await joinOnce(place, snapshots, waitsMs);
  };
  await Promise.all(Array.from({ length: joinsAtOnce }, lane));
  clearInterval(resizing);
  const wrong = await differing(replica, snapshots);
  stayed.peer.type("\u0003");
  stayed.close();
  const bytes = snapshots.filter(({ cols }) => cols === 80).map(({ data }) => Buffer.byteLength(data));
  return [
    {
      number: 2,
      title: "Joins show what a viewer sees who never left",
      note: `Colours, wide characters, both screens, regions and modes, drawn all the time; cells, attributes, cursor and modes are compared at the snapshot's offset. ${resizes} changes of size.`,
      figures: [plain("joins", String(snapshots.length)), none("wrong screens", wrong)],
    },
    {
      number: 3,
      title: "A snapshot where nothing can be resumed",
      note: "The same joins: bytes of the picture at 80x24, time from the client's hello to the snapshot.",
      figures: [
        atMost("snapshot p95", percentile(bytes, 0.95), 4_096, "B"),
        atMost("first right frame p99", percentile(waitsMs, 0.99), 20, "ms"),
        plain("first right frame p50", `${percentile(waitsMs, 0.5).toFixed(1)} ms`),
      ],
    },
  ];
}

async function joinOnce(place: Place, snapshots: Snapshot[], waitsMs: number[]): Promise<void> {
  let saidAtMs = 0;
  const viewer = await openViewer(place, {
    cols: 200,
    rows: 60,
    ears: {
      onSend: (message) => {
        if (message.type === "hello") saidAtMs = performance.now();
      },
      onFrame: (frame) => {
        if (frame.type !== "snapshot" || saidAtMs === 0) return;
        waitsMs.push(performance.now() - saidAtMs);
        snapshots.push(frame);
        saidAtMs = 0;
      },
    },
  });
  viewer.close();
}

/** How many snapshots draw another picture than the replica's at their place. */
async function differing(replica: Replica, snapshots: readonly Snapshot[]): Promise<number> {
  const inOrder = [...snapshots].sort((one, other) => one.gen - other.gen || one.seq - other.seq);
  let wrong = 0;
  for (const { data, seq, gen, cols, rows } of inOrder) {
    await until(`the viewer who stayed comes to ${gen}/${seq}`, () => replica.hasHeard(gen, seq));
    const stayed = await replica.pictureAt(gen, seq);
    const joined = emptyTerminal(cols, rows);
    await new Promise<void>((resolve) => joined.write(clearScreen + data, resolve));
    if (JSON.stringify(picture(joined)) !== JSON.stringify(stayed)) wrong += 1;
    joined.dispose();
  }
  return wrong;
}
