/**
 * How a window gets the name a person chose. tmux reads names as formats (`#{...}`, `#(command)`), but not what a format
 * yields, and escapes what it keeps, differently by version. So the name as typed is an option of the window; beside it
 * stands what tmux made of it, by which a later rename is noticed.
 */
import { argument } from "./door.ts";

export const nameOption = "@devpocket_name";
export const shownOption = "@devpocket_shown";

/** The commands, to be run as one, that name the window `target`. */
export function nameCommands(target: string, name: string): string[] {
  const option = ["set-option", "-w", "-t", target];
  return [
    ...[...option, "--", nameOption, argument(name), ";"],
    ...["rename-window", "-t", target, `#{${nameOption}}`, ";"],
    ...[...option, "-F", "--", shownOption, "#{window_name}"],
  ];
}

/** What tmux itself was told, as vis(3) writes it: a backslash stands before itself and before a shell's variable. */
export function plainName(windowName: string): string {
  return windowName.replaceAll(/\\([\\$])/g, "$1");
}
