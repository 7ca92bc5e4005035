/** All figures of environments on Kubernetes, as tables of the benchmark. */
import { markdown, type Table } from "../report.ts";
import { type Figure, tableOf } from "../targets/target.ts";
import { echoOverExec } from "./echo-over-exec.ts";
import { firstPrompt } from "./first-prompt.ts";
import { manyTerminals, reconciled, unchanged } from "./fleet.ts";
import { openStage, type Stage, type StageKind } from "./stage.ts";
import { transfers } from "./transfers.ts";

export interface ClusterBenchOptions {
  rounds: number;
  catMegabytes: number;
  /** A tenth of every fleet: it only shows that the machinery works. */
  isQuick: boolean;
}

interface Part {
  title: string;
  note: string;
  measure(stage: Stage): Promise<Figure[]>;
}

export async function kubernetesTables(
  kind: StageKind,
  options: ClusterBenchOptions,
  interruption?: AbortSignal,
): Promise<Table[]> {
  const stage = await openStage(kind, interruption);
  const where = kind === "fake" ? "the tests' fake cluster, in a process of its own" : "the cluster of KUBECONFIG";
  const tables: Table[] = [];
  try {
    for (const [index, { title, note, measure }] of partsOf(kind, options).entries()) {
      const figures = await stage.unlessInterrupted(measure(stage));
      const table = tableOf({ number: index + 1, title, note: `${note} On ${where}.`, figures });
      tables.push(table);
      // A run takes long; what is known is shown beside the report, which comes at the end.
      console.error(markdown(table));
    }
    return tables;
  } finally {
    await stage.close();
  }
}

function partsOf(kind: StageKind, { rounds, catMegabytes, isQuick }: ClusterBenchOptions): Part[] {
  const share = isQuick ? 10 : 1;
  const parts: Part[] = [
    { title: "Environments begin", note: "One after the other.", measure: (stage) => firstPrompt(stage, rounds) },
    { title: "Echo over exec", note: "Keys 20 ms apart.", measure: (stage) => echoOverExec(stage, rounds) },
    { title: "Files", note: `${catMegabytes} MiB each way.`, measure: (stage) => transfers(stage, catMegabytes) },
    {
      title: "Reconciling",
      note: "A real bridge process, asked for all at once.",
      measure: (stage) => reconciled(stage, 100 / share),
    },
    {
      title: "Terminals",
      note: "All windows of environments, each drawn once.",
      measure: (stage) => manyTerminals(stage, 300 / share),
    },
  ];
  const counting: Part = {
    title: "Nothing to do",
    note: "The API server's own count over a nudge and two turns of the loop, between two readings of the metrics.",
    measure: (stage) => unchanged(stage, 1_000 / share, 10),
  };
  // On a cluster that others use too its count says nothing of us.
  return kind === "fake" ? [...parts, counting] : parts;
}
