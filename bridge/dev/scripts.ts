/**
 * The server as its two scripts, each a process of its own, so that the REST Worker can be started again under live
 * terminals. They find each other by wrangler's registry.
 */

import { startProgram } from "./child.ts";
import { freePort } from "./ports.ts";
import type { Reaper } from "./reaper.ts";
import { type Supervised, supervise } from "./supervise.ts";
import type { Variables } from "./variables.ts";
import { type Answer, watchAnswers, watchPortHolder } from "./watching.ts";
import { objectsProgram, type ScriptPlace, workerProgram } from "./wrangler.ts";

export interface Scripts {
  stop(): Promise<void>;
  /** Starts again whatever does not answer; from when both have answered once. Call the result to end it. */
  watch(): () => void;
}

/** Starts both; the Worker's `/health/ready` tells when it has found the objects. */
export async function startScripts(place: ScriptPlace, variables: Variables, reaper: Reaper): Promise<Scripts> {
  const objectsPlace = { ...place, host: "127.0.0.1", port: await freePort() };
  const [objects, server] = await Promise.all([
    supervise("objects", async () => startProgram(objectsProgram(objectsPlace, variables), reaper)),
    supervise("server", async () => startProgram(workerProgram(place, variables), reaper)),
  ]);
  return {
    stop: async () => {
      await server.stop();
      await objects.stop();
    },
    watch: () => {
      const watches = [
        watchScript(server, place.port, "/health/live", ({ isWorker }) => isWorker),
        // It serves nobody: that is its answer.
        watchScript(objects, objectsPlace.port, "/", ({ status }) => status === 404),
      ];
      return () => {
        for (const end of watches) end();
      };
    },
  };
}

function watchScript(script: Supervised, port: number, path: string, isAnswer: (answer: Answer) => boolean) {
  const ends = [
    watchPortHolder(port, script.pid, () => script.restart("lost its workerd: starting it again")),
    watchAnswers(`http://127.0.0.1:${port}${path}`, isAnswer, script.pid, () =>
      script.restart("does not answer: starting it again"),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
