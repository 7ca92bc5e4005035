/** Exit codes as a container runtime tells them: of a signal, 128 and its number. */
import { constants } from "node:os";

export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
