/** The subscription plans a new database begins with. Afterwards the rows count: an admin may edit them. */
import type { plans } from "../workers/store/schema/accounts.ts";

type Plan = typeof plans.$inferInsert;

const gibibyte = 2 ** 30;
const hour = 3600;

export const initialPlans: Plan[] = [
  {
    id: "free",
    maxEnvironments: 1,
    maxCpuMillicores: 1000,
    maxMemoryBytes: 2 * gibibyte,
    maxStorageBytes: 10 * gibibyte,
    idleSeconds: hour / 4,
    runningSecondsPerMonth: 60 * hour,
    requestsPerMinute: 100,
    unattendedSeconds: 2 * hour,
  },
  {
    id: "starter",
    maxEnvironments: 3,
    maxCpuMillicores: 2000,
    maxMemoryBytes: 4 * gibibyte,
    maxStorageBytes: 20 * gibibyte,
    idleSeconds: hour,
    runningSecondsPerMonth: 300 * hour,
    requestsPerMinute: 300,
    unattendedSeconds: 8 * hour,
  },
  {
    id: "pro",
    maxEnvironments: 10,
    maxCpuMillicores: 4000,
    maxMemoryBytes: 8 * gibibyte,
    maxStorageBytes: 100 * gibibyte,
    idleSeconds: 4 * hour,
    runningSecondsPerMonth: null,
    requestsPerMinute: 1000,
    unattendedSeconds: 24 * hour,
  },
  {
    id: "enterprise",
    maxEnvironments: 100,
    maxCpuMillicores: 8000,
    maxMemoryBytes: 16 * gibibyte,
    maxStorageBytes: 200 * gibibyte,
    idleSeconds: null,
    runningSecondsPerMonth: null,
    requestsPerMinute: 5000,
    unattendedSeconds: null,
  },
];
