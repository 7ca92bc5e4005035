/** A line that appears for a few seconds and is read out by screen readers. */
import { explain, Failed } from "../api/problem.ts";
import { el, setText, uppermost } from "../dom.ts";

const shownForMs = 6_000;
const line = el("p", { class: "toast", role: "status" });
let hiding: ReturnType<typeof setTimeout> | undefined;

export function toast(text: string): void {
  placeToast();
  setText(line, text);
  line.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => {
    line.classList.remove("shown");
    setText(line, "");
  }, shownForMs);
}

/** Keeps the line above the shade of a sheet; to be called when one has come, or goes. */
export function placeToast(): void {
  const place = uppermost();
  if (line.parentElement !== place) place.append(line);
}

/** Says what went wrong; whoever is signed out reads it on the sign-in form. What is no failure is a bug and thrown. */
export function toastFailure(error: unknown): void {
  if (!(error instanceof Failed)) throw error;
  if (error.failure.kind !== "signed_out") toast(explain(error.failure));
}
