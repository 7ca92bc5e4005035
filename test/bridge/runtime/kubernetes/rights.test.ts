/**
 * The Role of the chart, and its ClusterRole, against the calls that are made: a whole life of an environment works under exactly
 * its rules, and every right that it grants is used in it.
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { renderObjects, valuesWith } from "../../../../bridge/deploy/render/chart.ts";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { Rule } from "../../../support/kubernetes/access/tokens.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { viewerOf } from "../../support/viewer.ts";
import { becomesUp, desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, ownerWith } from "./ground.ts";

const size = { cols: 100, rows: 30 };

/** Of the Role, in its namespace; or of the ClusterRole, everywhere. */
function chartRules(namespacePerUser: boolean): Rule[] {
  const values = valuesWith({ environments: { namespace, namespacePerUser } });
  const wanted = namespacePerUser ? "ClusterRole" : "Role";
  const role = renderObjects({ name: "bridge", namespace: "devpocket" }, values).find(({ kind }) => kind === wanted);
  const rules = (role?.["rules"] ?? []) as Rule[];
  return namespacePerUser ? rules : rules.map((rule) => ({ ...rule, namespace }));
}

/** `get pods`, as the cluster's log of requests names it. */
function granted(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ apiGroups = [""], resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => `${verb} ${group === "" ? resource : `${resource}.${group}`}`),
      ),
    ),
  );
}

let ground: ClusterGround;
let runtime: KubernetesRuntime;
beforeEach(async () => {
  ground = await makeGround();
});
afterEach(async () => {
  await runtime.close();
  await ground.dispose();
});

/** What was asked of the cluster in a whole life of an environment. */
async function live(settings: { namespacePerUser: boolean }, rules: readonly Rule[]): Promise<string[]> {
  runtime = ground.open({ token: ground.cluster.tokens.issue("bridge", rules), settings });
  const signal = () => AbortSignal.timeout(20_000);
  const apply = async (action: Parameters<KubernetesRuntime["apply"]>[0]) => {
    await runtime.apply(action, signal());
    if ("environment" in action) await becomesUp(runtime, action.environment.id);
  };
  const owner = ownerWith({ id: `usr_${"a".repeat(20)}` });
  const environment = desiredEnvironment({ port: 3000, startup_commands: ["echo hello"], owner });
  await apply({ kind: "start", environment });
  const viewer = viewerOf(await runtime.attach(environment.id, "main", size), size);
  expect(await viewer.ask("echo $((6*7))")).toBe("42");
  await runtime.createWindow(environment.id, { name: "two", isActive: false });
  await vi.waitUntil(async () => (await runtime.logs(environment.id, { lines: 10 })).entries.length > 0, 20_000);
  await runtime.readings(environment.id);
  await apply({ kind: "restart", environment: { ...environment, generation: 2, port: 3001 } });
  await apply({ kind: "restart", environment: { ...environment, generation: 3, port: null } });
  await apply({ kind: "stop", environmentId: environment.id });
  runtime.tend([{ ...environment, owner: { ...owner, max_environments: 9 } }], signal());
  await apply({ kind: "delete", environmentId: environment.id });
  await vi.waitFor(() => {
    runtime.tend([], signal());
    const left = ground.cluster.store.list(resourceOf("namespaces")).map(({ metadata }) => metadata.name);
    expect(left.filter((name) => name.startsWith(`${namespace}-`))).toEqual([]);
  }, 20_000);
  return ground.cluster.requests.attempts();
}

// For --check only.
it.each([
  { role: "Role", namespacePerUser: false, idle: ["get namespaces"] },
  { role: "ClusterRole", namespacePerUser: true, idle: [] },
])(
  "lets an environment live under the chart's $role, and grants nothing that is not used",
  { timeout: 60_000 },
  async ({ namespacePerUser, idle }) => {
    const rules = chartRules(namespacePerUser);
    const rights = granted(rules);
    const attempts = await live({ namespacePerUser }, rules);
    expect(attempts.filter((attempt) => !rights.includes(attempt))).toEqual([]);
    // What an apply needs where there is nothing yet, which the log shows as the patch it is.
    const byApply = rights.filter((right) => right.startsWith("create ") && right !== "create pods/exec");
    expect(rights.filter((right) => !attempts.includes(right) && !byApply.includes(right))).toEqual(idle);
  },
);
