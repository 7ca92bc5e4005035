/** Starts the contestants that were asked for and ends them in reverse order. */
import { join } from "node:path";
import { root } from "../support/source-tree.ts";
import type { ContestantName } from "./options.ts";
import { ours } from "./products/account.ts";
import { startDev } from "./products/dev.ts";
import { startHarness } from "./products/harness.ts";
import { scratchDirectory } from "./scratch.ts";
import { floor } from "./terminals/floor.ts";
import { relay } from "./terminals/relay.ts";
import type { Contestant } from "./terminals/terminal.ts";
import { tmuxServer } from "./terminals/tmux-server.ts";

/** What the local runtime gives every environment's tmux; a fair floor has the same. */
const tmuxConfiguration = join(root, "bridge/runtime/tmux/tmux.conf");

export interface OpenContestants {
  /** In the order floor, relay, harness, dev, as far as chosen. */
  contestants: readonly Contestant[];
  close(): Promise<void>;
}

/** Opens the named contestants; when one fails to start, those before it are closed and its error is thrown. */
export async function openContestants(names: readonly ContestantName[]): Promise<OpenContestants> {
  const directory = scratchDirectory();
  const tmux = tmuxServer(tmuxConfiguration, directory.path);
  const start: Record<ContestantName, () => Promise<Contestant>> = {
    floor: () => floor(tmux),
    relay: () => relay(tmux),
    harness: startOursInHarness,
    dev: () => startOursInDev(join(directory.path, "dev")),
  };
  const contestants: Contestant[] = [];
  const close = async () => {
    for (const contestant of contestants.toReversed()) await contestant.close();
    await tmux.close();
    directory.remove();
  };
  try {
    for (const name of names) contestants.push(await start[name]());
  } catch (error) {
    await close();
    throw error;
  }
  return { contestants, close };
}

async function startOursInHarness(): Promise<Contestant> {
  const product = await startHarness();
  return closing(product, () => ours("ours: harness + bridge", product.productUrl));
}

async function startOursInDev(dataDirectory: string): Promise<Contestant> {
  const product = await startDev(dataDirectory);
  return closing({ close: product.stop }, () => ours("ours: npm run dev", product.url));
}

/** A contestant that takes its product with it, also when it could not be opened. */
async function closing(product: { close(): Promise<void> }, open: () => Promise<Contestant>): Promise<Contestant> {
  try {
    return { ...(await open()), close: product.close };
  } catch (error) {
    await product.close();
    throw error;
  }
}
