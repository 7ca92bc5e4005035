/** Where things are inside an environment's pod. The scripts in ../init say the same; a test compares them. */

export const places = {
  workspace: "/workspace",
  home: "/home/devpocket",
  /** The ConfigMap with our scripts, read-only. */
  init: "/devpocket/init",
  /** The startup commands, one file each, read-only. */
  startup: "/devpocket/startup",
  /** bin/tmux, bin/busybox and what they need, copied by the init container. */
  tools: "/devpocket/tools",
  /** passwd and group of the image with an entry for the user, mounted over its own. */
  accounts: "/devpocket/accounts",
  /** The tmux socket, `state`, pid files of our clients; gone with the pod. */
  run: "/devpocket/run",
  socket: "/devpocket/run/tmux.sock",
  state: "/devpocket/run/state",
  /** TMUX_TMPDIR: for a tmux of the person's own, and the file by which tmux tells of windows. */
  own: "/devpocket/run/own",
  /** The whole claim; only the init container sees it. */
  volume: "/devpocket/volume",
} as const;

/** How everything of ours in the pod runs tmux: a program and its first arguments. */
export const tmuxProgram: readonly string[] = ["/bin/sh", `${places.init}/tmux.sh`];
