/** Which columns of a user ever leave the store: what people see, and nothing secret. */
import { users } from "./schema/accounts.ts";

/** The columns of an account as people see it. */
export const accountColumns = {
  id: users.id,
  username: users.username,
  email: users.email,
  fullName: users.fullName,
  isActive: users.isActive,
  isVerified: users.isVerified,
  avatarUrl: users.avatarUrl,
  role: users.role,
  plan: users.planId,
  createdAt: users.createdAt,
  lastLoginAt: users.lastLoginAt,
} as const;
