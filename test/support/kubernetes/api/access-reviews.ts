/** SelfSubjectAccessReview: may I? The same rules answer that refuse. */
import { isAllowed, type User } from "../access/tokens.ts";
import { type Fields, fieldsAt, textAt } from "./objects.ts";

export function review(user: User, body: unknown): Fields {
  const asked = fieldsAt(body, "spec", "resourceAttributes");
  const resource = textAt(asked, "resource") ?? "";
  const subresource = textAt(asked, "subresource") ?? "";
  const isNonResource = Object.keys(asked).length === 0;
  const allowed =
    isNonResource ||
    isAllowed(user, {
      verb: textAt(asked, "verb") ?? "",
      group: textAt(asked, "group") ?? "",
      resource: subresource === "" ? resource : `${resource}/${subresource}`,
      namespace: textAt(asked, "namespace") || undefined,
      name: textAt(asked, "name") || undefined,
    });
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    metadata: { creationTimestamp: null },
    spec: fieldsAt(body, "spec"),
    status: { allowed, ...(allowed ? { reason: "RBAC: allowed" } : {}) },
  };
}
