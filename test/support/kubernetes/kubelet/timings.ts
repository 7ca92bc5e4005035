/** How long things take that take long in Kubernetes. The first value is Kubernetes' own; tests ask for less. */

export interface Timings {
  /** Between ErrImagePull and ImagePullBackOff. */
  pullErrorMs: number;
  /** Between two attempts to pull, to mount or to configure. */
  pullBackOffMs: number;
  /** Before the second restart; doubles from there. The first is at once. */
  crashBackOffMs: number;
  /** How long metrics say 0 of a new pod. */
  metricsDelayMs: number;
  /** How long an exec may be silent. */
  execIdleMs: number;
  /** Between a namespace and its service account. */
  serviceAccountMs: number;
}

export const realTimings: Timings = {
  pullErrorMs: 1_000,
  pullBackOffMs: 10_000,
  crashBackOffMs: 10_000,
  metricsDelayMs: 20_000,
  execIdleMs: 4 * 3_600_000,
  serviceAccountMs: 100,
};

/** The same order of things in a fraction of the time. */
export const quickTimings: Timings = {
  pullErrorMs: 20,
  pullBackOffMs: 100,
  crashBackOffMs: 100,
  metricsDelayMs: 0,
  execIdleMs: 4 * 3_600_000,
  serviceAccountMs: 20,
};
