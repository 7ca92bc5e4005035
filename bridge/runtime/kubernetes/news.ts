/**
 * What has become of an environment and nobody has seen yet: how its last run ended, and the notice on its pod. It is told until
 * somebody types in this run of the container: who types has seen it.
 */
import type { News } from "./notice.ts";
import type { Seen } from "./observe/seen.ts";
import type { Standing } from "./observe/standing.ts";
import type { PodView } from "./observe/views.ts";

export interface NewsOptions {
  seen: Seen;
  /** Puts a notice on the pod, so that every bridge knows it, also a later one. */
  write: (pod: PodView, notice: readonly News[]) => Promise<void>;
  onChange: () => void;
  onProblem: (error: unknown) => void;
}

export class UnreadNews {
  readonly #options: NewsOptions;
  /** The run of the container in which somebody has typed. */
  #typedIn: string | null = null;

  constructor(options: NewsOptions) {
    this.#options = options;
  }

  /** The worst first. */
  get all(): readonly News[] {
    const { pod } = this.#options.seen;
    const run = this.#unreadRun;
    if (pod === null || run === null) return [];
    return run.after === null || run.after.reason === "lost" ? pod.notice : [run.after, ...pod.notice];
  }

  async add(news: News): Promise<void> {
    const { seen, write } = this.#options;
    if (seen.pod !== null) await write(seen.pod, [...seen.pod.notice, news]);
  }

  /** Somebody has typed. */
  markRead(): void {
    const { seen, write, onChange, onProblem } = this.#options;
    const { pod } = seen;
    const run = this.#unreadRun;
    if (pod === null || run === null) return;
    const hadNews = this.all.length > 0;
    this.#typedIn = run.incarnation;
    if (!hadNews) return;
    onChange();
    if (pod.notice.length > 0) void write(pod, []).catch(onProblem);
  }

  /** The run of the container, while nobody has typed in it. */
  get #unreadRun(): Extract<Standing, { kind: "up" }> | null {
    const { standing } = this.#options.seen;
    return standing?.kind === "up" && standing.incarnation !== this.#typedIn ? standing : null;
  }
}
