/** What people do to files, in the audit log: which and how, never what is in them. */
import { type AuditAction, audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Actor } from "../environments/view.ts";

/** No more of a path than anybody reads; half a character would be refused by the database, and the row with it. */
const maxPathCharacters = 512;

type FileAction = Extract<AuditAction, `file.${string}`>;

/** Notes what was done; `paths` by what each of them is, `facts` beside them. */
export function auditFile(
  deps: Deps,
  actor: Actor,
  environmentId: string,
  done: { action: FileAction; paths: Readonly<Record<string, string>>; facts?: Readonly<Record<string, unknown>> },
): void {
  const cut = Object.entries(done.paths).map(([name, path]) => [name, path.slice(0, maxPathCharacters).toWellFormed()]);
  audit(deps, {
    action: done.action,
    actor,
    target: { kind: "environment", id: environmentId },
    detail: { ...Object.fromEntries(cut), ...done.facts },
  });
}
