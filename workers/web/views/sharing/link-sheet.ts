/** A new link, which is shown this once: to copy, or to hand to another app where the device can. */
import { copyText } from "../../clipboard.ts";
import { el, setText } from "../../dom.ts";
import { openSheet } from "../sheet.ts";

export async function showLink(name: string, url: string): Promise<void> {
  await openSheet<null>("Your link", (close) => {
    const text = el("input", { class: "secret", readonly: true, value: url, "aria-label": "Link" });
    text.addEventListener("focus", () => text.select());
    const said = el("p", { class: "field-hint", role: "status" });
    const copy = el("button", { class: "button primary", type: "button", onclick: copyIt }, "Copy link");
    const send = el("button", { class: "button", type: "button", onclick: sendIt }, "Send…");
    send.hidden = typeof navigator.share !== "function";

    async function copyIt(): Promise<void> {
      const isCopied = await copyText(url);
      setText(said, isCopied ? "Copied." : "This browser does not let the page copy: hold the link above.");
    }

    /** Dismissing the device's own sheet is no failure. */
    async function sendIt(): Promise<void> {
      await navigator.share({ title: `A terminal: ${name}`, url }).catch((error: unknown) => {
        if (!(error instanceof DOMException)) throw error;
        if (error.name !== "AbortError") setText(said, "It could not be handed over. Copy it instead.");
      });
    }

    return [
      el("p", { class: "lead" }, "Copy it now: it is not shown again. Whoever has it and signs in can come in."),
      text,
      said,
      el(
        "div",
        { class: "sheet-actions" },
        el("button", { class: "button", type: "button", onclick: () => close(null) }, "Done"),
        copy,
        send,
      ),
    ];
  });
}
