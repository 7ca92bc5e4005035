/**
 * The secret of a link that was opened before its person had signed in. It waits in the tab's own storage, which outlives
 * a sign-in at Google, and is gone once it was accepted or refused; it never stands in an address that a server sees.
 */
const key = "devpocket.share";

export function keepPendingShare(secret: string): void {
  sessionStorage.setItem(key, secret);
}

export function pendingShare(): string | null {
  return sessionStorage.getItem(key);
}

export function forgetPendingShare(): void {
  sessionStorage.removeItem(key);
}
