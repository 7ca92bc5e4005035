/** Who is asking: the facts about a signed-in person that every request learns with its session. */

export type Role = "user" | "admin";

/** A person as people see them; never a hash, a counter or a lock. */
export interface Account {
  id: string;
  username: string;
  email: string;
  fullName: string | null;
  isActive: boolean;
  isVerified: boolean;
  avatarUrl: string | null;
  role: Role;
  /** The id of the plan: free, starter, pro, enterprise. */
  plan: string;
  createdAt: Date;
  lastLoginAt: Date | null;
}

/** What a personal token may be allowed to do. A session may do everything its person may. */
export const scopes = [
  "account:read",
  "account:write",
  "environments:read",
  "environments:write",
  "terminal",
  "admin",
] as const;
export type Scope = (typeof scopes)[number];

export interface Principal {
  userId: string;
  /** The session, or the personal token (`pat_...`), that ends what is done with it when it ends. */
  sessionId: string;
  /** null = a session, which may everything its person may. */
  scopes: readonly Scope[] | null;
  username: string;
  role: Role;
  plan: string;
  isVerified: boolean;
  /** What the plan allows. */
  requestsPerMinute: number;
  /** When this person last proved who they are. */
  signedInAt: Date;
  account: Account;
}

/** Whether somebody may do what wants this scope. `null` = only a session may. */
export function hasScope(principal: Pick<Principal, "scopes">, scope: Scope | null): boolean {
  return principal.scopes === null || (scope !== null && principal.scopes.includes(scope));
}
