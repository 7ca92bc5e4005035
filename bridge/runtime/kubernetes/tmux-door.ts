/** The door to the tmux of an environment in a pod: an exec for each command. */
import { RuntimeFailure } from "../runtime.ts";
import type { TmuxDoor, TmuxOptions, TmuxPlaces } from "../tmux/door.ts";
import { ClusterProblem } from "./client/problem.ts";
import { places, tmuxProgram } from "./manifests/places.ts";
import type { Pod } from "./pod.ts";

/** Arguments: a directory, the program. The path is absolute, so that nobody's CDPATH is asked. */
const inDirectory = 'cd -- "$1" && shift && exec "$@"';

export class PodTmux implements TmuxDoor {
  readonly places: TmuxPlaces = {
    shellScript: `${places.init}/shell.sh`,
    restoredScript: `${places.init}/restored.sh`,
    shell: "",
    tmux: tmuxProgram,
  };
  readonly #pod: Pod;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  async run(command: readonly string[], { maxBuffer, cwd, signal }: TmuxOptions = {}): Promise<Buffer> {
    const program = [...tmuxProgram, ...command];
    const whole = cwd === undefined ? program : ["/bin/sh", "-c", inDirectory, "in", cwd, ...program];
    const bounds = maxBuffer === undefined ? {} : { maxOutputBytes: maxBuffer };
    try {
      const { exitCode, stdout, stderr } = await this.#pod.run(whole, { ...bounds, signal });
      if (exitCode === 0) return stdout;
      throw new RuntimeFailure("unavailable", (stderr || `tmux ended with ${exitCode}`).slice(0, 300));
    } catch (error) {
      if (!(error instanceof ClusterProblem)) throw error;
      throw new RuntimeFailure("unavailable", error.message);
    }
  }
}
