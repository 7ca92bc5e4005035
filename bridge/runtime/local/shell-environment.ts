/**
 * The process environment of a local environment: built from nothing, so that nothing of ours leaks in. Values are
 * data from here to execve; no shell and no tmux format ever reads them.
 */
import { accessSync, constants } from "node:fs";
import { userInfo } from "node:os";
import type { EnvironmentPlaces } from "./places.ts";

export const environmentIdVariable = "DEVPOCKET_ENVIRONMENT_ID";
export const ownSocketsVariable = "TMUX_TMPDIR";

/** The program behind `SHELL`: bash where the machine has one. */
export function shellProgram(): string {
  try {
    accessSync("/bin/bash", constants.X_OK);
    return "/bin/bash";
  } catch {
    return "/bin/sh";
  }
}

/**
 * Everything a process in the environment starts with. A person's variables may replace the common ones but not
 * those by which we find the environment's processes. What cannot be a variable (an empty name, `=` or NUL) is left out.
 */
export function shellEnvironment(options: {
  environmentId: string;
  places: EnvironmentPlaces;
  machinePath: string;
  variables: Record<string, string>;
}): Record<string, string> {
  const user = userInfo().username;
  const accepted = Object.entries(options.variables).filter(
    ([name, value]) => name !== "" && !/[=\0]/.test(name) && !value.includes("\0"),
  );
  return {
    HOME: options.places.home,
    PATH: options.machinePath,
    LANG: "C.UTF-8",
    SHELL: shellProgram(),
    USER: user,
    LOGNAME: user,
    COLORTERM: "truecolor",
    ...Object.fromEntries(accepted),
    TERM: "xterm-256color",
    [ownSocketsVariable]: options.places.ownSocketsDir,
    [environmentIdVariable]: options.environmentId,
  };
}
