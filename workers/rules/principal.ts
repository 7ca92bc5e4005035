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

export interface Principal {
  userId: string;
  sessionId: string;
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
