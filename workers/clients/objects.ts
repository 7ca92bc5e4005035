/**
 * The Durable Objects as the rest of the Worker sees them: by name, through the RPC interfaces of
 * protocol/objects.ts. Nothing here knows how an object works inside.
 */
import {
  type ClusterRpc,
  closesMeter,
  type MeterRpc,
  type TerminalRpc,
  type TransferRpc,
  type UserRpc,
} from "../../durable-objects/protocol/objects.ts";

/** One stub per call; creating one costs nothing and sends nothing. */
export interface Objects {
  terminal(terminalId: string): TerminalRpc;
  cluster(clusterId: string): ClusterRpc;
  user(userId: string): UserRpc;
  transfer(transferId: string): TransferRpc;
  meter(): MeterRpc;
}

/** Binds the namespaces: terminals by terminal id, clusters by cluster id, users by user id, transfers by their id, and the one meter. */
export function connectObjects(env: Pick<Env, "TERMINALS" | "CLUSTERS" | "USERS" | "TRANSFERS" | "METERS">): Objects {
  return {
    terminal: (terminalId) => env.TERMINALS.getByName(terminalId),
    cluster: (clusterId) => env.CLUSTERS.getByName(clusterId),
    user: (userId) => env.USERS.getByName(userId),
    transfer: (transferId) => env.TRANSFERS.getByName(transferId),
    meter: () => env.METERS.getByName(closesMeter),
  };
}
