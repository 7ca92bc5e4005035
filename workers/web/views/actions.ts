/** What a person can do to an environment, with the questions asked first; shared by the list and the terminal. */

import type { EnvironmentAction } from "../api/calls.ts";
import type { Environment } from "../api/model.ts";
import type { App } from "../app.ts";
import { isPassing } from "../words.ts";
import { type Choice, confirm } from "./sheet.ts";
import { toastFailure } from "./toast.ts";

export type Deed = EnvironmentAction | "delete";

/** What makes sense in the environment's phase; the first one is what people mostly want. */
export function deedsFor({ phase }: Pick<Environment, "phase">): Deed[] {
  if (phase === "stopped") return ["start", "delete"];
  if (phase === "error") return ["recover", "stop", "delete"];
  if (phase === "stopping" || phase === "terminated") return ["delete"];
  return isPassing(phase) ? ["stop", "delete"] : ["stop", "restart", "delete"];
}

export const deedLabels: Readonly<Record<Deed, string>> = {
  start: "Start",
  stop: "Stop",
  restart: "Restart",
  recover: "Recover",
  delete: "Delete",
};

export function deedChoices(deeds: readonly Deed[]): Choice<Deed>[] {
  return deeds.map((deed) => ({
    label: deed === "delete" ? "Delete…" : deedLabels[deed],
    value: deed,
    isDangerous: deed === "delete",
  }));
}

/** Asks where it must be asked, then does it and says when it went wrong. Answers whether it was done. */
export async function carryOut(app: App, environment: Pick<Environment, "id" | "name">, deed: Deed): Promise<boolean> {
  if (!(await isMeant(environment.name, deed))) return false;
  try {
    await (deed === "delete" ? app.calls.remove(environment.id) : app.calls.act(environment.id, deed));
    return true;
  } catch (error) {
    toastFailure(error);
    return false;
  }
}

async function isMeant(name: string, deed: Deed): Promise<boolean> {
  switch (deed) {
    case "start":
    case "recover":
      return true;
    case "stop":
      return confirm({
        title: `Stop ${name}?`,
        text: "Programs that run in it end. Its files stay.",
        action: "Stop",
      });
    case "restart":
      return confirm({
        title: `Restart ${name}?`,
        text: "Programs that run in it end and a fresh shell starts. Its files stay.",
        action: "Restart",
      });
    case "delete":
      return confirm({
        title: `Delete ${name}?`,
        text: "Its programs and all its files are removed. This cannot be undone.",
        action: "Delete",
        isDangerous: true,
      });
  }
}
