/**
 * What is to be said of a session that was made again, until somebody types: in a file, because who begins an environment
 * and who is typed into may be different processes.
 */
import { rmSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { type Restored, restoredMessage } from "../session/words.ts";

export const noticeSchema = z.object({
  reason: z.enum(["session_restored", "session_unreadable"]),
  status_message: z.string(),
});

/** Puts it down in place of an earlier one; null leaves nothing. */
export async function writeNotice(path: string, restored: Restored | null): Promise<void> {
  if (restored === null) return await rm(path, { force: true });
  const notice = { reason: `session_${restored.kind}`, status_message: restoredMessage(restored) };
  await writeFile(`${path}.new`, JSON.stringify(notice), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Takes it away; false if there was none. */
export function takeNoticeAway(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
