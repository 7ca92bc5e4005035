/**
 * Lets xterm.js run under a CSP without 'unsafe-inline' styles. Its DOM renderer writes `<style>` elements and the
 * style attributes of spans; both become CSSOM calls, which a CSP allows: an adopted style sheet for each `<style>`,
 * `style.cssText` for each attribute. (xterm 6 has the option `documentOverride`, but half of its parts pass it by.)
 */

/** Changes what `page` makes from now on; to be called before the first terminal is made. */
export function keepStylesInCssom(page: Document): void {
  const createElement = page.createElement.bind(page);
  Object.defineProperty(page, "createElement", {
    value: (tag: string, options?: ElementCreationOptions) =>
      // Even an empty `<style>` is a violation, so something else stands in its place.
      tag === "style" ? adoptedStyle(page, createElement("span")) : createElement(tag, options),
  });
  HTMLSpanElement.prototype.setAttribute = function setAttribute(name, value) {
    if (name === "style") this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
}

/** Makes `element` keep its text in a sheet of the page until it is removed. */
function adoptedStyle(page: Document, element: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  element.hidden = true;
  page.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, "textContent", { set: (css: string) => sheet.replaceSync(css) });
  element.remove = () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((adopted) => adopted !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}
