/** Target 6: what a key's way through us adds to `tmux attach`. */
import { join } from "node:path";
import { root } from "../../support/source-tree.ts";
import { echoTimes } from "../echo.ts";
import { figure } from "../report.ts";
import { floor } from "../terminals/floor.ts";
import { objectRelay, type Relay } from "../terminals/relay.ts";
import type { Contestant } from "../terminals/terminal.ts";
import type { TmuxServer } from "../terminals/tmux-server.ts";
import type { Stage } from "./stage.ts";
import { atMost, plain, type Target } from "./target.ts";
import { openViewer } from "./viewer.ts";

/** What the local runtime gives every environment's tmux; a fair floor has the same. */
export const tmuxConfiguration = join(root, "bridge/runtime/tmux/tmux.conf");

export async function echoAdded(stage: Stage, tmux: TmuxServer, peer: Relay, rounds: number): Promise<Target> {
  const place = await stage.newPlace();
  const ours: Contestant = {
    name: "ours, version 2",
    open: async () => (await openViewer(place)).terminal,
    close: async () => {},
  };
  const bare = await objectRelay(tmux, stage.product.productUrl);
  const options = { rounds, keysPerRound: 300 };
  const [base, theirs, way, own] = await echoTimes([await floor(tmux), peer, bare, ours], options);
  await bare.close();
  if (!base || !theirs || !way || !own) throw new Error("somebody did not play");
  return {
    number: 6,
    title: "Echo added over tmux attach",
    note: `Keys 20 ms apart for all, ${rounds} alternating rounds of 300 keys, medians of the rounds. The bare object passes on what it is sent, in the same harness: the way that our data takes with none of us on it.`,
    figures: [
      atMost("added p50", own.p50 - base.p50, 2, "ms"),
      atMost("p99 over the floor's", own.p99 / base.p99, 3, "x"),
      plain("p50 added over a bare object", `${figure(own.p50 - way.p50)} ms`),
      plain("p50 / p99: floor", `${figure(base.p50)} / ${figure(base.p99)} ms`),
      plain("p50 / p99: ours", `${figure(own.p50)} / ${figure(own.p99)} ms`),
      plain("p50 / p99: a bare object", `${figure(way.p50)} / ${figure(way.p99)} ms`),
      plain("p50 / p99: peer", `${figure(theirs.p50)} / ${figure(theirs.p99)} ms`),
    ],
  };
}
