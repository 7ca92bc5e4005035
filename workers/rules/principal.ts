/** Who is asking: the facts about a signed-in person that every request learns with its session. */

export type Role = "user" | "admin";
export type PlanId = "free" | "starter" | "pro" | "enterprise";

export interface Principal {
  userId: string;
  sessionId: string;
  username: string;
  email: string;
  role: Role;
  plan: PlanId;
  requestsPerMinute: number;
  isVerified: boolean;
  sessionCreatedAt: Date;
}
