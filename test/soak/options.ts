/** The command line of `npm run soak`. Pure: arguments in, a value or a complaint out. */
import { parseArgs } from "node:util";

export interface SoakOptions {
  minutes: number;
  /** Sockets of viewers that are cut, evenly over the time. */
  cuts: number;
  /** Between one kill of the bridge and the next; the server is killed half as often. */
  secondsBetweenKills: number;
}

export const help = `npm run soak -- [--minutes 10] [--cuts 2500] [--kill-every 30]

Four clients of protocol version 2 on one shell, one of them behind a slow link and one that stalls; two of them type
numbered words while the shell floods. Sockets are cut, the bridge and the server are killed. At the end: were all words
typed once and in order, were all sent the same bytes without a gap, do all show the same screen, and, from 10 minutes on,
does memory stay flat. Two minutes of it are in the suite.`;

/** Reads the arguments; throws one clear line for what is not a number above 0. */
export function readOptions(argv: readonly string[]): SoakOptions | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: "string", default: "10" },
      cuts: { type: "string" },
      "kill-every": { type: "string", default: "30" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const minutes = positive("--minutes", values.minutes);
  return {
    minutes,
    cuts: Math.round(positive("--cuts", values.cuts ?? String(minutes * 250))),
    secondsBetweenKills: positive("--kill-every", values["kill-every"]),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} wants a number above 0, not ${text}`);
  return value;
}
