/** Lists in pieces, as `limit` asks for them: all pages are of the moment the first one was read at. */
import type { KubeObject } from "./objects.ts";
import { badRequest, expired } from "./statuses.ts";

export interface Page {
  items: KubeObject[];
  /** Of all pages. */
  version: number;
  /** What to ask for next, and how many objects are left; undefined on the last page. */
  rest: { continue: string; remainingItemCount: number } | undefined;
}

interface Rest {
  items: KubeObject[];
  version: number;
}

export class Pages {
  readonly #rests = new Map<string, Rest>();

  /** As after etcd's compaction: what was read in part has to be read again. */
  forget(): void {
    this.#rests.clear();
  }

  /** The first page of what `read` gives, or the next one of what it gave. Throws 410 where that is forgotten. */
  page(query: URLSearchParams, read: () => Rest): Page {
    const limit = Number(query.get("limit") ?? 0);
    if (!Number.isInteger(limit) || limit < 0) throw badRequest(`strconv.ParseInt: parsing "${query.get("limit")}"`);
    const { items, version } = this.#begun(query.get("continue")) ?? read();
    if (limit === 0 || items.length <= limit) return { items, version, rest: undefined };
    const token = crypto.randomUUID();
    const left = items.slice(limit);
    this.#rests.set(token, { items: left, version });
    return { items: items.slice(0, limit), version, rest: { continue: token, remainingItemCount: left.length } };
  }

  #begun(token: string | null): Rest | null {
    if (token === null || token === "") return null;
    const rest = this.#rests.get(token);
    if (rest === undefined)
      throw expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
      );
    return rest;
  }
}
