/** A line that appears for a few seconds and is read out by screen readers. */
import { explain, Failed } from "../api/problem.ts";
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

/** Says what went wrong; whoever is signed out reads it on the sign-in form. What is no failure is a bug and thrown. */
export function toastFailure(error: unknown): void {
  if (!(error instanceof Failed)) throw error;
  if (error.failure.kind !== "signed_out") toast(explain(error.failure));
}
