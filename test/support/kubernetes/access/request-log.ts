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
  /** Of all time, by verb and resource. */
  readonly #totals = new Map<string, number>();
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

  /** As an API server's /metrics tells it. */
  exposition(): string {
    const lines = [...this.#totals].map(([labels, count]) => `apiserver_request_total{${labels}} ${count}\n`);
    return `# TYPE apiserver_request_total counter\n${lines.join("")}`;
  }

  onRequest(listener: (request: LoggedRequest) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    const labels = `verb="${request.verb.toUpperCase()}",resource="${request.resource ?? ""}"`;
    this.#totals.set(labels, (this.#totals.get(labels) ?? 0) + 1);
    for (const listener of [...this.#listeners]) listener(request);
  }
}
