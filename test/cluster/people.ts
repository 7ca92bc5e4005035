/** The namespaces that a run makes for people. */
import { type Connection, orNull } from "./connection.ts";

/** None where namespaces may not be seen, since then none were made. */
export async function peoplesNamespaces({ core }: Connection, clusterId: string): Promise<string[]> {
  const labelSelector = `devpocket.app/cluster=${clusterId},app.kubernetes.io/component=owner`;
  const found = await orNull(core.listNamespace({ labelSelector }), [403]);
  return (found?.items ?? []).map(({ metadata }) => metadata?.name ?? "");
}
