/**
 * The Role of the chart against the calls that are made: a whole life of an environment works under exactly its rules, and
 * every right that it grants is used in it.
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { renderObjects, valuesWith } from "../../../../bridge/deploy/render/chart.ts";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { Rule } from "../../../support/kubernetes/access/tokens.ts";
import { viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace } from "./ground.ts";

const size = { cols: 100, rows: 30 };

function chartRules(): Rule[] {
  const values = valuesWith({ environments: { namespace } });
  const role = renderObjects({ name: "bridge", namespace: "devpocket" }, values).find(({ kind }) => kind === "Role");
  const rules = (role?.["rules"] ?? []) as Rule[];
  return rules.map((rule) => ({ ...rule, namespace }));
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
  runtime = ground.open({ token: ground.cluster.tokens.issue("bridge", chartRules()) });
});
afterEach(async () => {
  await runtime.close();
  await ground.dispose();
});

it("lets an environment live under the chart's Role, and grants nothing that is not used", {
  timeout: 60_000,
}, async () => {
  const { requests } = ground.cluster;
  const refused: string[] = [];
  const apply = (action: Parameters<KubernetesRuntime["apply"]>[0]) =>
    runtime.apply(action, AbortSignal.timeout(20_000));
  const environment = desiredEnvironment({ port: 3000, startup_commands: ["echo hello"] });
  await apply({ kind: "start", environment });
  const viewer = viewerOf(await runtime.attach(environment.id, "main", size), size);
  expect(await viewer.ask("echo $((6*7))")).toBe("42");
  await runtime.createWindow(environment.id, { name: "two", isActive: false });
  await vi.waitUntil(async () => (await runtime.logs(environment.id, { lines: 10 })).entries.length > 0);
  await runtime.readings(environment.id);
  await apply({ kind: "restart", environment: { ...environment, generation: 2, port: 3001 } });
  await apply({ kind: "stop", environmentId: environment.id });
  await apply({ kind: "delete", environmentId: environment.id });
  const rights = new Set(granted(chartRules()));
  for (const attempt of requests.attempts()) if (!rights.has(attempt)) refused.push(attempt);
  expect(refused).toEqual([]);
  // For --check; and what an apply needs where there is nothing yet, which the log shows as the patch it is.
  const byApply = [...rights].filter((right) => right.startsWith("create ") && right !== "create pods/exec");
  const unused = [...rights].filter((right) => !requests.attempts().includes(right) && !byApply.includes(right));
  expect(unused).toEqual(["get namespaces"]);
});
