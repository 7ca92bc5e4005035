/** Everything that a person's namespace holds besides environments, and a hash by which a change of it is seen. Pure. */
import { createHash } from "node:crypto";
import type { V1Namespace, V1NetworkPolicy, V1ResourceQuota } from "@kubernetes/client-node";
import type { DesiredEnvironment, Owner, Resources } from "../../../../durable-objects/protocol/bridge-api.ts";
import { namespaceOf, ownersNamespace } from "../manifests/namespace.ts";
import { type LimitRange, limitRange, quota, type Room, roomFor } from "../manifests/namespace-limits.ts";
import { networkPolicies } from "../manifests/network-policies.ts";
import type { ManifestSettings } from "../manifests/settings.ts";

export interface Layout {
  namespace: V1Namespace;
  quota: V1ResourceQuota;
  limits: LimitRange;
  policies: V1NetworkPolicy[];
  /** Of all of it. */
  hash: string;
}

/** What environments take of a namespace, by their ids. */
export type Takings = ReadonlyMap<string, Resources>;

/** The layouts of all namespaces: each is made once for what it depends on, since every turn of the loop looks at all. */
export class Layouts {
  readonly #settings: ManifestSettings;
  /** By the namespaces' names. */
  readonly #last = new Map<string, { asked: string; layout: Layout }>();

  constructor(settings: ManifestSettings) {
    this.#settings = settings;
  }

  of(owner: Owner, takings: Takings): Layout {
    const name = namespaceOf(owner.id, this.#settings);
    const room = roomFor(owner, [...takings.values()]);
    const asked = JSON.stringify([owner.id, room]);
    const last = this.#last.get(name);
    if (last?.asked === asked) return last.layout;
    const layout = layoutFor(owner.id, room, this.#settings);
    this.#last.set(name, { asked, layout });
    return layout;
  }

  forget(name: string): void {
    this.#last.delete(name);
  }
}

function layoutFor(ownerId: string, room: Room, settings: ManifestSettings): Layout {
  const within = { ...settings, namespace: namespaceOf(ownerId, settings) };
  const parts = {
    namespace: ownersNamespace(ownerId, settings),
    quota: quota(room, within),
    limits: limitRange(room, within),
    policies: networkPolicies(within),
  };
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
  return { ...parts, hash };
}

/** What is there and what is to be there; of one that is both the larger amounts: its volume never becomes smaller. */
export function takingsOf(
  there: Iterable<readonly [string, Resources | null]>,
  wanted: readonly DesiredEnvironment[],
): Takings {
  const takings = new Map<string, Resources>();
  const add = (id: string, more: Resources) => {
    const { cpu_millicores = 0, memory_bytes = 0, storage_bytes = 0 } = takings.get(id) ?? {};
    takings.set(id, {
      cpu_millicores: Math.max(cpu_millicores, more.cpu_millicores),
      memory_bytes: Math.max(memory_bytes, more.memory_bytes),
      storage_bytes: Math.max(storage_bytes, more.storage_bytes),
    });
  };
  for (const [id, resources] of there) if (resources !== null) add(id, resources);
  for (const { id, resources } of wanted) add(id, resources);
  return takings;
}
