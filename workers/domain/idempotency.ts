/**
 * Requests that a client may send again when it never saw the answer: under one key one of them has an effect, and
 * all of them get its answer. Only successes are kept; what failed had no effect and may be tried again. Between the
 * effect and the keeping of its answer a Worker can die: the key is then free again a minute later.
 */
import { Failed } from "../rules/failures.ts";
import { hashOf } from "../rules/tokens.ts";
import {
  claimRequest,
  deleteOldRequests,
  findRequest,
  type KeptRequest,
  keepAnswer,
  type RequestClaim,
  releaseRequest,
} from "../store/idempotent-requests.ts";
import { isKeyedHashOf, keyedHash } from "../store/keyed-hash.ts";
import { ivBytes, openText, sealText } from "../store/sealing.ts";
import type { Deps } from "./deps.ts";

/** How long an answer is kept. */
const keptMs = 86_400_000;
/** A request that has not been answered by then never will be; longer than any of them waits for a cluster. */
const abandonedMs = 60_000;
/** Pauses between looks at a first request that is still at work: 20 s in all. */
const pausesMs = [50, 100, 200, 400, 750, ...Array.from({ length: 18 }, () => 1000)];

export interface RepeatableRequest {
  /** null = nobody is signed in. */
  userId: string | null;
  /** Method and path. */
  route: string;
  key: string;
  body: string;
}
export interface GivenAnswer {
  status: number;
  contentType: string | null;
  body: string;
}
export type Turn = { kind: "first"; claim: RequestClaim } | { kind: "repeated"; answer: GivenAnswer };

/**
 * Whether this request is the first under its key, or what the first one was answered, after waiting for that. Fails
 * with `idempotency_key_reused` for another body and `idempotency_in_progress` when the first takes too long.
 *
 * Somebody who is not signed in shares one room of keys with everybody else of that kind. Who repeats a request has to
 * send the same body, and every open route that is repeatable has a password in it: a guessed key alone opens nothing.
 * The address takes no part, since a phone that lost its answer in a tunnel comes back from another one.
 */
export async function takeTurn(deps: Deps, request: RepeatableRequest): Promise<Turn> {
  const actor = request.userId ?? "anonymous";
  const keyHash = hashOf(`${request.route}\n${request.key}`);
  for (const pauseMs of [0, ...pausesMs]) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const now = deps.now().getTime();
    const bodyHash = keyedHash(deps.config.environmentKeys, request.body);
    const claim = { actor, keyHash, bodyHash, createdAt: new Date(now) };
    const limits = { abandonedBefore: new Date(now - abandonedMs), expiredBefore: new Date(now - keptMs) };
    if (await claimRequest(deps.db, claim, limits)) return { kind: "first", claim };
    const answer = await answerKept(deps, claim, await findRequest(deps.db, claim), request.body);
    if (answer !== null) return { kind: "repeated", answer };
  }
  throw new Failed({ kind: "idempotency_in_progress" });
}

/** Keeps a success for those who repeat the request. */
export async function keepTurn(deps: Deps, claim: RequestClaim, answer: GivenAnswer): Promise<void> {
  const { status, ...rest } = answer;
  const iv = deps.randomBytes(ivBytes);
  const sealedAnswer = await sealText(deps.config.environmentKeys, rowId(claim), JSON.stringify(rest), iv);
  await keepAnswer(deps.db, claim, { status, sealedAnswer });
}

/** Lets the next request under the key go first. */
export async function giveTurnBack(deps: Deps, claim: RequestClaim): Promise<void> {
  await releaseRequest(deps.db, claim);
}

/** Answers of yesterday are forgotten. */
export async function sweepRequests(deps: Deps): Promise<void> {
  await deleteOldRequests(deps.db, new Date(deps.now().getTime() - keptMs));
}

/** null = the first is still at work, or has just given its turn back. */
async function answerKept(
  deps: Deps,
  claim: RequestClaim,
  kept: KeptRequest | null,
  body: string,
): Promise<GivenAnswer | null> {
  if (kept === null) return null;
  const keys = deps.config.environmentKeys;
  if (!isKeyedHashOf(keys, kept.bodyHash, body)) throw new Failed({ kind: "idempotency_key_reused" });
  if (kept.status === null || kept.sealedAnswer === null) return null;
  const opened = await openText(keys, rowId(claim), kept.sealedAnswer);
  if (!opened.ok) throw new Error(`a kept answer could not be opened: ${opened.reason}`);
  const { contentType, body: answered } = JSON.parse(opened.text) as Omit<GivenAnswer, "status">;
  return { status: kept.status, contentType, body: answered };
}

function rowId({ actor, keyHash }: RequestClaim): string {
  return `${actor}/${keyHash}`;
}
