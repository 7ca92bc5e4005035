/** What people do to files, in the audit log: which and how, never what is in them. */
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Actor } from "../environments/view.ts";

/** No more of a path than anybody reads. */
const maxPathCharacters = 512;

type FileAction = "write" | "make_directory" | "move" | "remove" | "unpack";

/** Notes what was done; `paths` by what each of them is, `facts` beside them. */
export function auditFile(
  deps: Deps,
  actor: Actor,
  environmentId: string,
  done: { action: FileAction; paths: Readonly<Record<string, string>>; facts?: Readonly<Record<string, unknown>> },
): void {
  const cut = Object.entries(done.paths).map(([name, path]) => [name, path.slice(0, maxPathCharacters)]);
  audit(deps, {
    action: `file.${done.action}`,
    actor,
    target: { kind: "environment", id: environmentId },
    detail: { ...Object.fromEntries(cut), ...done.facts },
  });
}
