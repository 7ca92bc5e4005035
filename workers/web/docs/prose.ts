/** The little Markdown of our descriptions: paragraphs, and code between backticks. */
import { type Child, el } from "../dom.ts";

/** One line of text. */
export function prose(text: string): Child[] {
  return text.split("`").map((part, at) => (at % 2 === 1 ? el("code", {}, part) : part));
}

/** Text with blank lines between paragraphs. */
export function paragraphs(text: string): HTMLElement[] {
  return text.split(/\n\n+/).map((paragraph) => el("p", {}, ...prose(paragraph)));
}
