/** The platform shell of one cluster: its bridges' control links and the terminals that are wanted of them. */
import { DurableObject } from "cloudflare:workers";
import type { AnswerResult, Assignment, Question } from "./protocol/bridge-link.ts";
import type { StatusUpdate } from "./protocol/client.ts";
import type { ClusterRpc } from "./protocol/objects.ts";

export class ClusterObject extends DurableObject<Env> implements ClusterRpc {
  override async fetch(_request: Request): Promise<Response> {
    return new Response(null, { status: 501 });
  }
  async nudge(_revision: string, _requestId?: string): Promise<void> {}
  async want(_terminal: string): Promise<boolean> {
    return false;
  }
  async unwant(_terminal: string): Promise<void> {}
  async verifyAssignment(_assignment: Assignment): Promise<"current" | "superseded" | "unwanted"> {
    return "unwanted";
  }
  async ask(_question: Question, _requestId?: string): Promise<AnswerResult> {
    return { kind: "failed", code: "unavailable", message: "No bridge is connected" };
  }
  async announce(_environmentId: string, _update: StatusUpdate): Promise<void> {}
  async endEnvironment(_environmentId: string): Promise<void> {}
  async isLinked(): Promise<boolean> {
    return false;
  }
  async revoke(_bridgeTokenId: string): Promise<void> {}
}
