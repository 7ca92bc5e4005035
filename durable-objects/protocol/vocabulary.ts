/**
 * The words every part shares: what an environment can be, what a terminal is called.
 * Pure values and types; nothing here reads a clock or knows a runtime.
 */
import { z } from "zod";

/** The fine state of an environment, as people see it in `phase`. */
export const phases = [
  "creating",
  "provisioning",
  "installing",
  "configuring",
  "running",
  "restarting",
  "stopping",
  "stopped",
  "error",
  "terminated",
] as const;
export const phaseSchema = z.enum(phases);
export type Phase = z.infer<typeof phaseSchema>;

/** The coarse state; the published app throws away a list that holds any other value. */
export const statuses = ["creating", "running", "stopped", "terminated", "error"] as const;
export const statusSchema = z.enum(statuses);
export type Status = z.infer<typeof statusSchema>;

/** What the domain wants of an environment; `deleted` stays in the list until the bridge reports it gone. */
export const desiredStates = ["running", "stopped", "deleted"] as const;
export const desiredSchema = z.enum(desiredStates);
export type Desired = z.infer<typeof desiredSchema>;

const phaseToStatus: Record<Phase, Status> = {
  creating: "creating",
  provisioning: "creating",
  restarting: "creating",
  installing: "running",
  configuring: "running",
  running: "running",
  stopping: "stopped",
  stopped: "stopped",
  error: "error",
  terminated: "terminated",
};

/** The one map from the fine state to the coarse one. */
export function statusOf(phase: Phase): Status {
  return phaseToStatus[phase];
}

/** True while the shell of an environment in this phase can be used. */
export function hasShell(phase: Phase): boolean {
  return statusOf(phase) === "running";
}

/** The kinds of socket a client opens; also the kinds of terminal. */
export const socketKinds = ["terminal", "logs"] as const;
export const socketKindSchema = z.enum(socketKinds);
export type SocketKind = z.infer<typeof socketKindSchema>;

/** What somebody is at an environment: whose it is, who may type there, who may only watch. */
export const guestRoles = ["driver", "viewer"] as const;
export type GuestRole = (typeof guestRoles)[number];
export const roles = ["owner", ...guestRoles] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

export const environmentIdSchema = z.string().regex(/^env_[a-z0-9]{20}$/);

/** Whose an environment is: only to be compared. */
export const ownerIdSchema = z.string().min(1).max(128);

/** A terminal is (environment, window); `main` shows the selected window, `w3` that one (windows.ts), `logs` the
 * environment's log stream. */
export const terminalIdSchema = z.string().regex(/^env_[a-z0-9]{20}\/[a-z0-9_-]{1,32}$/);
export type TerminalId = `${string}/${string}`;

export const mainWindow = "main";
export const logsWindow = "logs";

/** Names the terminal of an environment's window, e.g. `env_…/main`. Also the name of its object. */
export function terminalId(environmentId: string, window: string): TerminalId {
  return `${environmentId}/${window}`;
}

/** The environment and window a terminal id names. */
export function parseTerminalId(id: string): { environmentId: string; window: string } {
  const slash = id.indexOf("/");
  return { environmentId: id.slice(0, slash), window: id.slice(slash + 1) };
}
