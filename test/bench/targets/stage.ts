/** What the targets are measured on: the built Worker, a bridge, environments. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openSlowLink, type SlowLink } from "../../support/slow-link.ts";
import { createEnvironment, type SignedIn, signUp } from "../products/account.ts";
import { type HarnessProduct, startHarness } from "../products/harness.ts";

/** As good as no limit: a link that is only there to be cut. */
const wide = { bytesPerSecond: 1_000_000_000, delayMs: 0 };

export interface Stage {
  product: HarnessProduct;
  account: SignedIn;
  /** Cuts every connection of the bridge. */
  cutBridge(): void;
  /** Ends the object of a place's terminal and every socket of it, as a deploy does. */
  reset(place: Place): Promise<void>;
  /** Another environment of the same person: a shell that nobody else uses. */
  newPlace(): Promise<Place>;
  close(): Promise<void>;
}

/** An environment: where to dial, and its files. */
export interface Place {
  environmentId: string;
  token: string;
  host: string;
  port: number;
  addressAt(port: number): string;
  hasFile(name: string): boolean;
  read(name: string): string;
  write(name: string, text: string): void;
  path(name: string): string;
}

/** A way that can be cut passes through this process, which costs milliseconds: only what cuts it may ask for it. */
export async function openStage({ isCuttable }: { isCuttable: boolean }): Promise<Stage> {
  let way: SlowLink | null = null;
  const product = await startHarness({
    entry: "test/bench/worker/targets.ts",
    objects: { BARE_RELAYS: "BareRelay" },
    bridgeDials: async (url) => {
      if (!isCuttable) return url;
      const { hostname, port } = new URL(url);
      way = await openSlowLink({ host: hostname, port: Number(port), ...wide });
      return `http://127.0.0.1:${way.port}`;
    },
  });
  const account = await signUp(product.productUrl);
  return {
    product,
    account,
    cutBridge() {
      if (way === null) throw new Error("the bridge of this stage dials directly");
      way.cut();
    },
    reset: (place) => reset(product, place),
    newPlace: () => newPlace(product, account.token),
    close: async () => {
      await product.close();
      await way?.close();
    },
  };
}

async function reset({ productUrl }: HarnessProduct, { environmentId }: Place): Promise<void> {
  const response = await fetch(`${productUrl}/bench/reset?terminal=${environmentId}/main`);
  const { is_ended: isEnded } = (await response.json()) as { is_ended: boolean };
  if (!isEnded) throw new Error("the object was not ended");
}

let places = 0;

async function newPlace(product: HarnessProduct, token: string): Promise<Place> {
  places += 1;
  const environmentId = await createEnvironment(product.productUrl, token, `target-${places}`);
  const workspace = join(product.dataDirectory, "environments", environmentId, "workspace");
  const { hostname: host, port } = new URL(product.productUrl);
  const path = (name: string) => join(workspace, name);
  return {
    environmentId,
    token,
    host,
    port: Number(port),
    addressAt: (at) => `ws://${host}:${at}/api/v1/ws/terminal/${environmentId}`,
    hasFile: (name) => existsSync(path(name)),
    read: (name) => readFileSync(path(name), "utf8"),
    write: (name, text) => writeFileSync(path(name), text),
    path,
  };
}

/** Looks every 5 ms; throws after `withinMs`. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  if (!(await comesTrue(isSo, withinMs))) throw new Error(`not within ${withinMs / 1_000} s: ${what}`);
}

/** Looks every 5 ms; false when `withinMs` have passed. */
export async function comesTrue(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const endsAtMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endsAtMs) return false;
    await delay(5);
  }
  return true;
}
