/** What keeps pods from starting on the node while a test says so, as kubelet and controllers tell it: in Events alone. */
import { MountFailure } from "./volumes.ts";

export const obstacleComponents = {
  FailedAttachVolume: "attachdetach-controller",
  FailedMount: "kubelet",
  FailedCreatePodSandBox: "kubelet",
} as const;
export type ObstacleReason = keyof typeof obstacleComponents;

export class Obstacle extends MountFailure {
  readonly reason: ObstacleReason;

  constructor(reason: ObstacleReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export class Obstacles {
  readonly #messages = new Map<ObstacleReason, string>();

  set(reason: ObstacleReason, message: string | null): void {
    if (message === null) this.#messages.delete(reason);
    else this.#messages.set(reason, message);
  }

  /** Throws the first there is. */
  meet(): void {
    for (const [reason, message] of this.#messages) throw new Obstacle(reason, message);
  }
}
