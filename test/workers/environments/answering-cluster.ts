/** A cluster object whose bridge answers what it is asked and does nothing else. */
import type { AnswerResult, Question } from "../../../durable-objects/protocol/bridge-link.ts";
import { newApi } from "./world.ts";

export function clusterThatAnswers(answer: (question: Question) => AnswerResult) {
  const asked: Question[] = [];
  const stub = {
    ask: async (question: Question) => {
      asked.push(question);
      return answer(question);
    },
    nudge: async () => {},
    announce: async () => {},
    endEnvironment: async () => {},
  };
  return { asked, api: newApi({ CLUSTERS: { getByName: () => stub } }) };
}
