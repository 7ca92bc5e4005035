/** Errors of the API server as real ones say them (kubernetes.md lines 16, 17, 20, 24). */
import { describe, expect, it } from "vitest";
import { type ProblemKind, problemOf } from "../../../../bridge/runtime/kubernetes/client/problem.ts";
import { asFailure } from "../../../../bridge/runtime/kubernetes/failures.ts";
import { RuntimeFailure } from "../../../../bridge/runtime/runtime.ts";

const status = (fields: object) => JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", ...fields });
const forbidden = (message: string) => status({ reason: "Forbidden", message, code: 403 });

const cases: [string, number, string, ProblemKind][] = [
  ["a missing pod", 404, status({ reason: "NotFound", message: 'pods "x" not found' }), "not_found"],
  [
    "a name that is taken",
    409,
    status({ reason: "AlreadyExists", message: 'pods "x" already exists' }),
    "already_exists",
  ],
  ["another manager's field", 409, status({ reason: "Conflict", message: "Apply failed with 1 conflict" }), "conflict"],
  ["a bad token", 401, status({ reason: "Unauthorized", message: "Unauthorized" }), "unauthorized"],
  [
    "a missing right",
    403,
    forbidden(
      'pods is forbidden: User "system:serviceaccount:a:b" cannot create resource "pods" in API group "" in the namespace "c"',
    ),
    "forbidden_rbac",
  ],
  [
    "a quota that is used up",
    403,
    forbidden('pods "x" is forbidden: exceeded quota: plan, requested: pods=1, used: pods=1, limited: pods=1'),
    "quota",
  ],
  [
    "a quota that is not counted yet",
    403,
    forbidden('pods "x" is forbidden: status unknown for quota: plan, resources: limits.cpu,pods'),
    "unavailable",
  ],
  [
    "a namespace that has no account yet",
    403,
    forbidden('pods "x" is forbidden: error looking up service account a/default: serviceaccount "default" not found'),
    "unavailable",
  ],
  [
    "a quota that asks for limits",
    403,
    forbidden('pods "x" is forbidden: failed quota: plan: must specify limits.cpu'),
    "quota",
  ],
  [
    "Pod Security",
    403,
    forbidden('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'),
    "pod_security",
  ],
  [
    "a namespace on its way out",
    403,
    status({
      reason: "Forbidden",
      message: 'pods "x" is forbidden: unable to create new content in namespace y because it is being terminated',
      details: { causes: [{ reason: "NamespaceTerminating", message: "namespace y is being terminated" }] },
    }),
    "namespace_terminating",
  ],
  [
    "a volume that cannot grow",
    403,
    forbidden('persistentvolumeclaims "x" is forbidden: only dynamically provisioned pvc can be resized'),
    "refused",
  ],
  ["a quantity like 1.5Gib", 400, status({ reason: "BadRequest", message: "quantities must match" }), "malformed"],
  ["an invalid field", 422, status({ reason: "Invalid", message: "spec: Forbidden: is immutable" }), "invalid"],
  ["a version that was forgotten", 410, status({ reason: "Expired", message: "too old resource version" }), "expired"],
  ["too many requests", 429, status({ reason: "TooManyRequests", details: { retryAfterSeconds: 2 } }), "unavailable"],
  ["a backend that is down, unparsable", 500, "\u0000<html>", "unavailable"],
  ["a proxy's own words", 502, "Bad gateway", "unavailable"],
];

describe("a problem of the API server", () => {
  it.each(cases)("knows %s", (_, code, body, kind) => {
    expect(problemOf(code, body).kind).toBe(kind);
  });

  it("keeps the wait the server asked for, from body or header", () => {
    expect(problemOf(429, status({ details: { retryAfterSeconds: 2 } })).retryAfterMs).toBe(2_000);
    expect(problemOf(503, "", "7").retryAfterMs).toBe(7_000);
    expect(problemOf(503, "").retryAfterMs).toBeNull();
  });

  it("is told to people without the cluster's inner names, where they cannot mend it", () => {
    const failureOf = (index: number) => {
      const [, code, body] = cases[index] as (typeof cases)[number];
      return asFailure(problemOf(code, body)) as RuntimeFailure;
    };
    const rbac = failureOf(4);
    expect(rbac).toMatchObject({ code: "refused", reason: "forbidden" });
    expect(rbac.message).not.toContain("serviceaccount");
    const quota = failureOf(5);
    expect(quota).toMatchObject({ code: "refused", reason: "quota_exceeded" });
    expect(quota.message).toContain("used: pods=1");
    expect(failureOf(3)).toMatchObject({ code: "unavailable", reason: "unavailable" });
  });

  it("leaves what is no problem of the cluster as it is", () => {
    const bug = new TypeError("x");
    expect(asFailure(bug)).toBe(bug);
    expect(asFailure(new RuntimeFailure("refused", "y"))).toBeInstanceOf(RuntimeFailure);
  });
});
