/** The cluster under test, through the client library. */
import { ApiException, CoreV1Api, KubeConfig, StorageV1Api } from "@kubernetes/client-node";

export interface Connection {
  config: KubeConfig;
  core: CoreV1Api;
  storage: StorageV1Api;
}

export function connect(kubeconfig: string): Connection {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return { config, core: config.makeApiClient(CoreV1Api), storage: config.makeApiClient(StorageV1Api) };
}

/** How long a busy node may take to end what was deleted. */
export const goneWithinMs = 180_000;

/** What the call gives, or null where there is no such thing (or, with 403, none that this user may see). */
export async function orNull<T>(call: Promise<T>, codes: readonly number[] = [404]): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiException && codes.includes(error.code)) return null;
    throw error;
  }
}

/** Asks again until the answer is something. Throws with `what` when it never is. */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${withinMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A new namespace takes pods only once it has its account. */
export async function untilUsable({ core }: Connection, namespace: string): Promise<void> {
  const account = () => orNull(core.readNamespacedServiceAccount({ name: "default", namespace }));
  await until(`service account default in ${namespace}`, 30_000, account);
}
