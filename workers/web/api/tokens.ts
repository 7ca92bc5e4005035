/**
 * The two tokens of a signed-in browser, kept in a Storage so that a reload and other tabs share them. They are read
 * anew for each use: another tab may have renewed them, or signed out.
 */
import * as z from "zod/mini";

export interface Tokens {
  access: string;
  refresh: string;
}

export interface TokenStore {
  read(): Tokens | null;
  write(tokens: Tokens): void;
  clear(): void;
}

const key = "devpocket.tokens";
const storedSchema = z.object({ access: z.string(), refresh: z.string() });

/** Keeps tokens in `storage` (the browser's localStorage). */
export function createTokenStore(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">): TokenStore {
  return {
    read() {
      const text = storage.getItem(key);
      if (text === null) return null;
      const stored = storedSchema.safeParse(parseJson(text));
      return stored.success ? stored.data : null;
    },
    write: (tokens) => storage.setItem(key, JSON.stringify(tokens)),
    clear: () => storage.removeItem(key),
  };
}

/** The value of a JSON text, or undefined for anything that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
