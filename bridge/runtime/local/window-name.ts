/**
 * How a window gets the name a person chose. tmux reads names as formats (`#{...}`, `#(command)`), and escapes what it
 * keeps, differently by version. So the name as typed is an option of the window, which tmux never reads; beside it
 * stands what tmux itself was told, by which a later rename is noticed.
 */

export const nameOption = "@devpocket_name";
export const shownOption = "@devpocket_shown";

/** The commands, to be run as one, that name the window `target`. */
export function nameCommands(target: string, name: string): string[] {
  const option = ["set-option", "-w", "-t", target];
  return [
    ...["rename-window", "-t", target, "--", shown(name), ";"],
    ...[...option, "--", nameOption, argument(name), ";"],
    ...[...option, "-F", "--", shownOption, "#{window_name}"],
  ];
}

/** What tmux's own list shows to who looks there: without what begins a format or an escape. */
function shown(name: string): string {
  return argument(name.replaceAll(/[#\\]/g, "_"));
}

/** tmux takes a semicolon at the end of an argument for the end of a command. */
function argument(text: string): string {
  return text.replace(/;$/, "\\;");
}
