/** Bearer tokens and names in certificates: who stands behind one, and what a Role allows them. */
import { randomBytes } from "node:crypto";

/** As in a Role or ClusterRole; without a namespace it holds everywhere. */
export interface Rule {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  /** `pods`, `pods/exec`, `*`. */
  resources: readonly string[];
  resourceNames?: readonly string[];
  namespace?: string;
}

export interface User {
  name: string;
  rules: readonly Rule[];
}

/** What somebody wants to do, in RBAC's words. */
export interface Attempt {
  verb: string;
  group: string;
  /** With its subresource: `pods/exec`. */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
}

export const everything: readonly Rule[] = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];

export class Tokens {
  readonly #users = new Map<string, User>();

  /** A new token for the user; all of a user's tokens share the rules of the newest. */
  issue(name: string, rules: readonly Rule[] = everything): string {
    const token = `fake-${randomBytes(18).toString("base64url")}`;
    this.#users.set(token, { name, rules });
    return token;
  }

  /** The token is nobody's from now on: 401. */
  revoke(token: string): void {
    this.#users.delete(token);
  }

  /** Other rules for a token that is out already. */
  setRules(token: string, rules: readonly Rule[]): void {
    const user = this.#users.get(token);
    if (user === undefined) throw new Error("no such token");
    this.#users.set(token, { ...user, rules });
  }

  userOf(authorization: string | undefined): User | null {
    const [, token = ""] = /^Bearer (.+)$/i.exec(authorization ?? "") ?? [];
    return this.#users.get(token) ?? null;
  }

  /** Who has shown a certificate with this name. */
  bearerOf(name: string | null): User | null {
    return [...this.#users.values()].find((user) => user.name === name) ?? null;
  }
}

export function isAllowed(user: User, attempt: Attempt): boolean {
  return user.rules.some(
    (rule) =>
      has(rule.verbs, attempt.verb) &&
      has(rule.apiGroups ?? [""], attempt.group) &&
      (has(rule.resources, attempt.resource) || rule.resources.includes(`*/${attempt.resource.split("/")[1]}`)) &&
      (rule.resourceNames === undefined || (attempt.name !== undefined && rule.resourceNames.includes(attempt.name))) &&
      (rule.namespace === undefined || rule.namespace === attempt.namespace),
  );
}

const has = (list: readonly string[], value: string) => list.includes("*") || list.includes(value);

/** The API server's own words for a refusal. */
export function refusalOf(user: User, attempt: Attempt): string {
  const place = attempt.namespace === undefined ? "at the cluster scope" : `in the namespace "${attempt.namespace}"`;
  return `User "${user.name}" cannot ${attempt.verb} resource "${attempt.resource}" in API group "${attempt.group}" ${place}`;
}
