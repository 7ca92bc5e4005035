/** What every relay of this bridge is given. */
import type { Runtime } from "../runtime/runtime.ts";
import type { InputLedger } from "./ledger.ts";

export interface RelayContext {
  runtime: Runtime;
  ledger: InputLedger;
  log: (level: "debug" | "info" | "warn", msg: string, detail: Record<string, string | number>) => void;
}
