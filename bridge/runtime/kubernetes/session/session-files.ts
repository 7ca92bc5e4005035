/**
 * Where the session of an environment in a pod is saved: `.devpocket/session.json` in its home, and what its shells are to print
 * beside the tmux socket. People can put anything there; it is read and written as them, so that a link leads to nothing
 * that they could not have told us themselves. What blocks is given up.
 */
import { RuntimeFailure } from "../../runtime.ts";
import type { SessionFiles } from "../../session/files.ts";
import { sessionLimits } from "../../session/saved-session.ts";
import { ClusterProblem } from "../client/problem.ts";
import { places } from "../manifests/places.ts";
import { type Pod, printedBy } from "../pod.ts";

const directory = `${places.home}/.devpocket`;
const laid = `${places.run}/restored`;
/** Programs of ours are found whatever a person's PATH says. */
const path = `PATH=/usr/local/bin:/usr/bin:/bin:${places.tools}/applets`;

/** Arguments: the directory, the largest size. Prints nothing where nothing was saved. */
const loadScript = `${path}
file=$1/session.json
if [ ! -e "$file" ] && [ ! -L "$file" ]; then exit 0; fi
if [ -L "$1" ] || [ -L "$file" ] || [ ! -f "$file" ]; then echo 'session.json is not a file' >&2; exit 1; fi
size=$(wc -c <"$file") || exit 1
if [ "$size" -gt "$2" ]; then echo 'session.json is too large' >&2; exit 1; fi
echo saved
exec cat "$file"`;

/** Arguments: the directory, how many bytes come. A crash leaves the old file or the new one. */
const saveScript = `${path}
umask 077
[ -d "$1" ] || mkdir "$1" || exit 1
if [ -L "$1" ]; then echo '.devpocket is a link' >&2; exit 1; fi
cd "$1" || exit 1
fresh=session.json.new.$$
trap 'rm -f "$fresh"' EXIT
head -c "$2" >"$fresh" || exit 1
if [ "$(wc -c <"$fresh")" -ne "$2" ]; then echo 'cut short' >&2; exit 1; fi
sync "$fresh" 2>/dev/null
mv -f "$fresh" session.json`;

/** Arguments: the directory, the bytes of each text, which come one after the other. */
const layScript = `${path}
umask 077
rm -rf "$1" && mkdir "$1" && cd "$1" || exit 1
shift
total=0
for size in "$@"; do total=$((total + size)); done
head -c "$total" >../restored.all || exit 1
at=1 index=0
for size in "$@"; do
  tail -c "+$at" ../restored.all | head -c "$size" >"$index" || exit 1
  at=$((at + size)) index=$((index + 1))
done
exec rm -f ../restored.all`;

/** Argument: the directory. Waits a while for it to become empty, so that nobody has to ask again and again. */
const countScript = `${path}
turns=0
while :; do
  set -- "$1"/*
  [ -e "$1" ] || { echo 0; exit 0; }
  [ "$turns" -lt 60 ] || { echo "$#"; exit 0; }
  set -- "\${1%/*}"
  turns=$((turns + 1))
  sleep 0.05 2>/dev/null || sleep 1
done`;

export class PodSessionFiles implements SessionFiles {
  readonly #pod: Pod;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  async load(): Promise<string | null> {
    const limits = { maxOutputBytes: sessionLimits.maxBytes + 64 };
    const printed = await this.#run(loadScript, [directory, String(sessionLimits.maxBytes)], limits);
    return printed.length === 0 ? null : printed.toString().replace(/^saved\n/, "");
  }

  async save(text: string): Promise<void> {
    const input = Buffer.from(text);
    await this.#run(saveScript, [directory, String(input.length)], { input });
  }

  async lay(texts: readonly string[]): Promise<string[]> {
    const bytes = texts.map((text) => Buffer.from(text));
    const sizes = bytes.map(({ length }) => String(length));
    await this.#run(layScript, [laid, ...sizes], { input: Buffer.concat(bytes) });
    return texts.map((_, index) => `${laid}/${index}`);
  }

  async countLaid(): Promise<number> {
    return Number((await this.#run(countScript, [laid])).toString()) || 0;
  }

  async #run(script: string, args: readonly string[], options: Parameters<Pod["script"]>[2] = {}): Promise<Buffer> {
    try {
      return printedBy(await this.#pod.script(script, args, options));
    } catch (error) {
      if (!(error instanceof ClusterProblem)) throw error;
      throw new RuntimeFailure("unavailable", error.message.slice(0, 300));
    }
  }
}
