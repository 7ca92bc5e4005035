/** What is reported of a local environment: by its record, and by what those who work in it leave on disk. */
import type { ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { installationState } from "./installation.ts";
import { isServerUp } from "./live-record.ts";
import { noticeSchema } from "./notice.ts";
import type { EnvironmentPlaces } from "./places.ts";
import { type EnvironmentRecord, readJson } from "./record.ts";

type Told = Pick<ObservedEnvironment, "phase"> &
  Partial<Pick<ObservedEnvironment, "reason" | "status_message" | "installation_completed">>;

export async function observedOf(record: EnvironmentRecord, places: EnvironmentPlaces): Promise<ObservedEnvironment> {
  const { id, generation } = record;
  const seen = { environment_id: id, generation, status_message: null, reason: null, installation_completed: false };
  return { ...seen, ...(await toldOf(record, places)) };
}

async function toldOf(record: EnvironmentRecord, places: EnvironmentPlaces): Promise<Told> {
  switch (record.state) {
    case "starting":
      return { phase: "provisioning" };
    case "stopping":
      return { phase: "stopping" };
    case "down":
      return { phase: "stopped" };
    case "up":
      if (await isServerUp(record)) return await toldOfRunning(record, places);
      return { phase: "stopped", reason: "lost", status_message: "The environment's shell server has ended" };
  }
}

async function toldOfRunning(record: EnvironmentRecord, places: EnvironmentPlaces): Promise<Told> {
  const installation = await installationState(places, record);
  switch (installation.kind) {
    case "installing":
      return { phase: "installing" };
    case "completed":
      return { phase: "running", installation_completed: true, ...(await readJson(places.notice, noticeSchema)) };
    case "failed":
      return { phase: "running", reason: installation.reason, status_message: installation.message };
  }
}
