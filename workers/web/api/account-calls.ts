/** The calls about a person's account by name. Each throws `Failed`; the caller shows what `explain` says. */
import {
  type Limits,
  limitsSchema,
  newTokenSchema,
  type PersonalToken,
  personalTokenListSchema,
  type Session,
  sessionListSchema,
  type User,
  userSchema,
} from "./account-model.ts";
import { type Client, parseAnswer, tokenAnswerSchema } from "./client.ts";
import type { TokenStore } from "./tokens.ts";

export interface Registration {
  username: string;
  email: string;
  password: string;
}

export interface Profile {
  full_name: string;
  username: string;
}

export interface NewToken {
  name: string;
  scopes: readonly string[];
  expiresInDays: number;
}

export interface AccountCalls {
  register(registration: Registration): Promise<void>;
  signIn(usernameOrEmail: string, password: string): Promise<void>;
  /** Signs in with the one-time code that Google's sign-in came back with. */
  exchange(code: string): Promise<void>;
  signOut(): Promise<void>;
  signOutEverywhere(): Promise<void>;
  forgotPassword(email: string): Promise<void>;
  resetPassword(token: string, newPassword: string): Promise<void>;
  /** With the token of a mailed link; nobody needs to be signed in. */
  verifyByLink(token: string): Promise<void>;
  /** With the six digits that the same mail holds, by whoever is signed in. */
  verifyByCode(code: string): Promise<void>;
  /** Mails a new link and code to whoever is signed in. */
  resendVerification(): Promise<void>;
  /** The same by whoever is not signed in; the answer tells nothing about the address. */
  resendVerificationTo(email: string): Promise<void>;
  me(): Promise<User>;
  changeProfile(profile: Profile): Promise<User>;
  /** Every other session ends. */
  changePassword(current: string, next: string): Promise<void>;
  /** null works for a while after signing in. */
  leave(password: string | null): Promise<void>;
  sessions(): Promise<Session[]>;
  endSession(id: string): Promise<void>;
  endOtherSessions(): Promise<void>;
  personalTokens(): Promise<PersonalToken[]>;
  /** Answers the token, which is told this once. */
  makeToken(token: NewToken): Promise<string>;
  revokeToken(id: string): Promise<void>;
  limits(): Promise<Limits>;
}

export function createAccountCalls({ request }: Client, tokens: TokenStore): AccountCalls {
  const get = (path: string) => request({ method: "GET", path });

  async function tell(method: "POST" | "DELETE", path: string, body?: unknown): Promise<void> {
    await request({ method, path, body });
  }

  async function tellInPublic(path: string, body: unknown): Promise<void> {
    await request({ method: "POST", path, body, isPublic: true });
  }

  async function enter(path: string, body: unknown): Promise<void> {
    const answer = parseAnswer(tokenAnswerSchema, await request({ method: "POST", path, body, isPublic: true }));
    tokens.write({ access: answer.access_token, refresh: answer.refresh_token });
  }

  return {
    register: (registration) => enter("/auth/register", registration),
    signIn: (usernameOrEmail, password) => enter("/auth/login", { username_or_email: usernameOrEmail, password }),
    exchange: (code) => enter("/auth/google/exchange", { code }),
    signOut: () => tell("POST", "/auth/logout", {}),
    signOutEverywhere: () => tell("POST", "/auth/logout-all", {}),
    forgotPassword: (email) => tellInPublic("/auth/forgot-password", { email }),
    resetPassword: (token, new_password) => tellInPublic("/auth/reset-password", { token, new_password }),
    verifyByLink: (token) => tellInPublic("/auth/verify-email", { token }),
    verifyByCode: (token) => tell("POST", "/auth/verify-email", { token }),
    resendVerification: () => tell("POST", "/auth/resend-verification", {}),
    resendVerificationTo: (email) => tellInPublic("/auth/resend-verification", { email }),
    me: async () => parseAnswer(userSchema, await get("/auth/me")),
    async changeProfile(body) {
      return parseAnswer(userSchema, await request({ method: "PUT", path: "/users/me", body }));
    },
    changePassword: (current_password, new_password) =>
      tell("POST", "/auth/change-password", { current_password, new_password }),
    leave: (password) => tell("DELETE", "/users/me", password === null ? {} : { password }),
    sessions: async () => parseAnswer(sessionListSchema, await get("/auth/sessions")).sessions,
    endSession: (id) => tell("DELETE", `/auth/sessions/${id}`),
    endOtherSessions: () => tell("DELETE", "/auth/sessions"),
    personalTokens: async () => parseAnswer(personalTokenListSchema, await get("/auth/tokens")).tokens,
    async makeToken({ name, scopes, expiresInDays }) {
      const body = { name, scopes, expires_in_days: expiresInDays };
      return parseAnswer(newTokenSchema, await request({ method: "POST", path: "/auth/tokens", body })).token;
    },
    revokeToken: (id) => tell("DELETE", `/auth/tokens/${id}`),
    limits: async () => parseAnswer(limitsSchema, await get("/users/me/limits")),
  };
}
