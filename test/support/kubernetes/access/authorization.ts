/** What RBAC is asked of a request before it is served. */
import type { ApiRequest } from "../api/request.ts";
import { forbidden } from "../api/statuses.ts";
import { type Attempt, isAllowed, refusalOf, type User } from "./tokens.ts";

/** A request, and whose it is. */
export interface Asked extends ApiRequest {
  user: User;
}

/** Throws 403 where a Role does not allow it. Everybody with a token may discover and ask what they may do. */
export function authorize(asked: Asked): void {
  if (asked.resource?.plural === "selfsubjectaccessreviews") return;
  for (const verb of asked.subresource === "exec" ? ["get", "create"] : [asked.verb]) authorizeVerb(asked, verb);
}

/** The same for what it turns out to be: a patch that makes something is a create, too, of that name. */
export function authorizeVerb(asked: Asked, verb: string): void {
  const { user, resource, namespace, subresource } = asked;
  if (resource === null) return;
  const name = asked.name ?? selectedName(asked);
  const full = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const attempt: Attempt = { verb, group: resource.group, resource: full, namespace, name };
  if (!isAllowed(user, attempt)) throw forbidden(resource, name, refusalOf(user, attempt));
}

/** Who lists or watches what has one name asks for that name. */
function selectedName({ query }: Asked): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1];
}
