/**
 * The two Secrets of an environment. Variables come to its processes by `envFrom` and are nowhere else; startup commands
 * come as files. They are apart because from Kubernetes 1.34 on `envFrom` makes a variable of every key.
 */
import type { V1Secret } from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { ownedByClaim } from "./claim.ts";
import { commonLabels, labels, objectName, startupName } from "./names.ts";
import { places } from "./places.ts";
import type { ManifestSettings } from "./settings.ts";

/** What every environment starts with; a person's variables may replace them. */
const firstVariables = {
  HOME: places.home,
  LANG: "C.UTF-8",
  USER: "devpocket",
  LOGNAME: "devpocket",
  COLORTERM: "truecolor",
};
/** By these we work; they are set in the pod itself. */
const ourVariables = /^(TERM|TMUX|TMUX_PANE|TMUX_TMPDIR|DEVPOCKET_.*)$/;
/** What a key of a Secret and a variable in a pod may both be. */
const keyPattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,252}$/;

/** The variables, those that can be: no other name fits a Secret's key, and no value with NUL a process. */
export function variablesSecret(
  environment: DesiredEnvironment,
  claimUid: string,
  settings: ManifestSettings,
): V1Secret {
  const given = Object.entries(environment.environment_variables).filter(
    ([name, value]) => keyPattern.test(name) && !ourVariables.test(name) && !value.includes("\0"),
  );
  const name = objectName(environment.id);
  return secret(environment, name, claimUid, { ...firstVariables, ...Object.fromEntries(given) }, settings);
}

/** The startup commands in their order: `0000`, `0001`, ... */
export function startupSecret(environment: DesiredEnvironment, claimUid: string, settings: ManifestSettings): V1Secret {
  const files = environment.startup_commands.map((command, index) => [String(index).padStart(4, "0"), command]);
  return secret(environment, startupName(environment.id), claimUid, Object.fromEntries(files), settings);
}

/** A copy of what the operator keeps beside the people's namespaces, for one of them. */
export function pullSecret(
  name: string,
  { type, data }: { type: string; data: Readonly<Record<string, string>> },
  settings: ManifestSettings,
): V1Secret {
  const labels = { ...commonLabels(settings), "app.kubernetes.io/component": "images" };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: settings.namespace, labels },
    type,
    data: { ...data },
  };
}

function secret(
  environment: DesiredEnvironment,
  name: string,
  claimUid: string,
  texts: Record<string, string>,
  settings: ManifestSettings,
): V1Secret {
  const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace: settings.namespace,
      labels: labels(environment.id, settings),
      ownerReferences: [ownedByClaim(environment.id, claimUid)],
    },
    type: "Opaque",
    data: Object.fromEntries(data),
  };
}
