/**
 * The only HTML that may be written on the page of Swagger UI: what Markdown makes of our descriptions. There is no
 * policy for scripts at all.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(html: string): string }): unknown;
}

const plainTag = /^<\/?(?:p|br|hr|code|pre|em|strong|ul|ol|li|blockquote|h[1-6])>/;

/** Makes this the rule for every piece of HTML from here on; others become text. Browsers without such rules go on. */
export function allowPlainHtmlOnly(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", { createHTML: (html) => (isPlain(html) ? html : escaped(html)) });
}

function isPlain(html: string): boolean {
  return html
    .split("<")
    .slice(1)
    .every((rest) => plainTag.test(`<${rest}`));
}

function escaped(html: string): string {
  return html.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
