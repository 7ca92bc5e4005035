/** Where a session is saved, on the environment's volume. Everything rejects with a RuntimeFailure. */
export interface SessionFiles {
  /** What was saved, or null. */
  load(): Promise<string | null>;
  /** Replaces it: a crash leaves the old or the new one. */
  save(text: string): Promise<void>;
  /** Puts down texts for the shells of the environment, in place of earlier ones, and says where each is. */
  lay(texts: readonly string[]): Promise<string[]>;
  /** How many of those are still there: a shell that has printed one removes it. */
  countLaid(): Promise<number>;
}
