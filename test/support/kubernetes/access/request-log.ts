/** Every request that came, for comparing with RBAC and for counting API calls. */

export interface LoggedRequest {
  method: string;
  path: string;
  query: string;
  userAgent: string;
  user: string | null;
  verb: string;
  /** `pods/exec`, `networkpolicies.networking.k8s.io`; null for discovery and the like. */
  resource: string | null;
  namespace: string | undefined;
  name: string | undefined;
}

export class RequestLog {
  #requests: LoggedRequest[] = [];
  readonly #listeners = new Set<(request: LoggedRequest) => void>();

  get all(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** What RBAC was asked, each once: `get pods/exec`. Opening an exec asks for two verbs. */
  attempts(): string[] {
    const asked = this.#requests.flatMap(({ verb, resource }) => {
      if (resource === null) return [];
      return resource === "pods/exec" ? [`get ${resource}`, `create ${resource}`] : [`${verb} ${resource}`];
    });
    return [...new Set(asked)].sort();
  }

  /** What came since the last call of `clear`, as `verb resource` and how often. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { verb, resource, path } of this.#requests) {
      const key = `${verb} ${resource ?? path}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  clear(): void {
    this.#requests = [];
  }

  onRequest(listener: (request: LoggedRequest) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    for (const listener of [...this.#listeners]) listener(request);
  }
}
