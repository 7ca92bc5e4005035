/** Keeps a bridge of one namespace from its work while people have namespaces of their own; see the mark's manifest. */
import type { LogDetail, LogLevel } from "../../../../durable-objects/protocol/log-line.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { Calls } from "../client/calls.ts";
import { markedWords, ownersMarkSelector } from "../manifests/owners-mark.ts";
import type { ManifestSettings } from "../manifests/settings.ts";
import { Reflector, troubleLog } from "../observe/reflector.ts";

export class OwnersMark {
  readonly #settings: ManifestSettings;
  readonly #reflector: Reflector;

  constructor(options: {
    calls: Calls;
    settings: ManifestSettings;
    log: (level: LogLevel, msg: string, detail: LogDetail) => void;
  }) {
    const { calls, settings, log } = options;
    this.#settings = settings;
    this.#reflector = new Reflector({
      calls,
      kind: "configmaps",
      selector: ownersMarkSelector(settings),
      onChange: () => {},
      onTrouble: troubleLog("configmaps", log),
    });
  }

  start(): void {
    this.#reflector.start();
  }

  stop(): void {
    this.#reflector.stop();
  }

  /** Resolves where there is none. Rejects with `unavailable` while there is one, or nobody knows. */
  async absent(): Promise<void> {
    await this.#reflector.known();
    const [mark] = this.#reflector.all();
    if (mark !== undefined) throw new RuntimeFailure("unavailable", `Nothing is done: ${markedWords(this.#settings)}`);
  }
}
