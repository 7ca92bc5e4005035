/** Ids as the Worker makes them: a prefix and 20 random characters. */
import { randomInt } from "node:crypto";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

export function newId(prefix: "usr" | "env" | "brt" | "clu"): string {
  return `${prefix}_${Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join("")}`;
}
