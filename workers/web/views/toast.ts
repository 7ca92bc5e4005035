/** A line that appears for a few seconds and is read out by screen readers. */
import { el, setText } from "../dom.ts";

const shownForMs = 6_000;
const line = el("p", { class: "toast", role: "status" });
let hiding: ReturnType<typeof setTimeout> | undefined;

export function toast(text: string): void {
  if (!line.isConnected) document.body.append(line);
  setText(line, text);
  line.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => {
    line.classList.remove("shown");
    setText(line, "");
  }, shownForMs);
}
