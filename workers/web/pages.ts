/** What each view is called, and whom it is for. */
import type { Route } from "./router.ts";

interface PageFacts {
  title: string;
  /** `guest`: only who is not signed in; `member`: only who is; `anyone`: what links from mails and from Google open. */
  who: "guest" | "member" | "anyone";
}

export const pages: Readonly<Record<Route["view"], PageFacts>> = {
  "sign-in": { title: "Sign in", who: "guest" },
  register: { title: "Create account", who: "guest" },
  forgot: { title: "Forgot password", who: "anyone" },
  reset: { title: "New password", who: "anyone" },
  verify: { title: "Verify your e-mail", who: "anyone" },
  google: { title: "Signing in", who: "anyone" },
  "google-failed": { title: "Sign in", who: "anyone" },
  environments: { title: "Environments", who: "member" },
  new: { title: "New environment", who: "member" },
  account: { title: "Account", who: "member" },
  sessions: { title: "Sessions", who: "member" },
  tokens: { title: "Personal tokens", who: "member" },
  terminal: { title: "Terminal", who: "member" },
  share: { title: "Shared with you", who: "member" },
  logs: { title: "Logs", who: "member" },
};
