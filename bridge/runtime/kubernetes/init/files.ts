/** The scripts that go into the ConfigMap, read once: ours, and those of any environment's tmux. */
import { readFileSync } from "node:fs";
import type { InitFiles } from "../manifests/init-config.ts";

const sources = {
  "init.sh": "init.sh",
  "relay.sh": "relay.sh",
  "prepare.sh": "prepare.sh",
  "accounts.sh": "accounts.sh",
  "tmux.sh": "tmux.sh",
  bashrc: "bashrc",
  profile: "profile",
  "shell.sh": "../../tmux/shell.sh",
  "restored.sh": "../../tmux/restored.sh",
  "tmux.conf": "../../tmux/tmux.conf",
} as const;

export function readInitFiles(): InitFiles {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  return Object.fromEntries(Object.entries(sources).map(([name, path]) => [name, read(path)]));
}
