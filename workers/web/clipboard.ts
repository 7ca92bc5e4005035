/** Copy and paste, also where the clipboard API is missing: browsers offer it on https and localhost only. */

import { uppermost } from "./dom.ts";

/** False when the browser allowed no way to copy. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard === undefined) return copyBySelection(text);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => copyBySelection(text),
  );
}

/** The clipboard's text, or null when the browser does not let the page read it. */
export async function pasteText(): Promise<string | null> {
  return navigator.clipboard?.readText === undefined ? null : navigator.clipboard.readText().catch(() => null);
}

function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.className = "off-screen";
  uppermost().append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
