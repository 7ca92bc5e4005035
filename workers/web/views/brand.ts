/** The name and mark of the product. */
import { el } from "../dom.ts";

export function brand(tag: "div" | "p"): HTMLElement {
  const mark = el("img", { src: "/icon.svg", alt: "", width: 32, height: 32, class: "mark" });
  return el(tag, { class: "brand" }, mark, el("span", {}, "DevPocket"));
}
