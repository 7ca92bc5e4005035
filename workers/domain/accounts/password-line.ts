/**
 * Works with passwords one at a time. In workerd scrypt holds the isolate's one thread until it is done; if many hashes
 * stood ready, no answer of the database would come through between them. So each waits for its turn, keeps it until
 * what follows from the hash is written, and a line too long is refused instead of kept in memory.
 */
import { Failed } from "../../rules/failures.ts";
import type { Deps } from "../deps.ts";
import { newLine } from "../line.ts";

/** About ten seconds of hashing. */
const maxPlaces = 64;
const retryAfterSeconds = 5;

const line = newLine(maxPlaces);

/** Does what hashes a password, and what is written after it, in its turn; never inside another turn. Fails as `busy`. */
export async function inPasswordLine<T>(deps: Deps, work: () => Promise<T>): Promise<T> {
  const answer = await line.run(work, () => deps.now().getTime());
  if (answer.kind === "done") return answer.value;
  throw new Failed({ kind: "busy", retryAfterSeconds });
}
