/** How this browser likes its terminal. */
import * as z from "zod/mini";
import { parseJson } from "./api/tokens.ts";

const preferencesSchema = z.object({
  fontSizePx: z.number().check(z.minimum(9), z.maximum(28)),
  isScreenReader: z.boolean(),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const key = "devpocket.preferences";

export function readPreferences(): Preferences {
  const stored = preferencesSchema.safeParse(parseJson(localStorage.getItem(key) ?? ""));
  // 13 px give a 360 px wide phone 44 columns.
  return stored.success ? stored.data : { fontSizePx: innerWidth < 700 ? 13 : 15, isScreenReader: false };
}

/** Keeps preferences and answers them; a font size out of bounds leaves the old ones. */
export function changePreferences(change: Partial<Preferences>): Preferences {
  const changed = preferencesSchema.safeParse({ ...readPreferences(), ...change });
  if (changed.success) localStorage.setItem(key, JSON.stringify(changed.data));
  return readPreferences();
}
