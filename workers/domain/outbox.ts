/** The mails of a development server, for whoever develops. A production server has none and says so. */
import { type KeptMail, readOutbox } from "../clients/mail.ts";
import { Failed } from "../rules/failures.ts";
import type { Deps } from "./deps.ts";

/** Newest first. Fails as `not_found` in production and as `unavailable` when Redis does not answer. */
export async function listOutbox(deps: Deps): Promise<KeptMail[]> {
  if (deps.config.environment === "production") throw new Failed({ kind: "not_found", what: "route" });
  return readOutbox(deps.redis);
}
