/** Makes elements. Text goes in as text nodes and never as HTML, and styles never as attributes, as the CSP demands. */

export type Child = Node | string | null;
type Attribute = string | number | boolean | ((event: never) => void);

/**
 * An element with attributes and children. `true` sets an empty attribute, `false` leaves it out, and a function under
 * `onclick` and the like becomes a listener of that event.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Changes a text only when it differs, so that screen readers do not read a live region again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Listens until the signal ends; for views, which listen to the window while they are shown. */
export function listen(
  target: EventTarget,
  names: readonly string[],
  signal: AbortSignal,
  handle: (event: Event) => void,
): void {
  for (const name of names) target.addEventListener(name, handle, { signal });
}

/** The sheet that lies on top, or the page: beside a modal sheet nothing is read out, and nothing can have the focus. */
export function uppermost(): HTMLElement {
  return [...document.querySelectorAll<HTMLElement>("dialog[open]")].at(-1) ?? document.body;
}
