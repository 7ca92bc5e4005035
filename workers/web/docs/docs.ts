/** /docs: the API in Swagger UI, from our own files and under a content policy, with every operation to try. */
import { loadDocument } from "./document.ts";
import { allowPlainHtmlOnly } from "./plain-html.ts";

/** What we use of Swagger UI, which is a script of its own (vite.config.ts) and has no types. */
declare const SwaggerUIBundle: (options: {
  spec: object;
  domNode: Element;
  deepLinking: boolean;
  /** null = no server elsewhere is asked what it thinks of the document. */
  validatorUrl: null;
  displayRequestDuration: boolean;
  docExpansion: "list" | "full" | "none";
  defaultModelsExpandDepth: number;
}) => unknown;

const domNode = document.querySelector("#docs");
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

allowPlainHtmlOnly();
const spec = await loadDocument();
if (domNode !== null)
  SwaggerUIBundle({
    spec,
    domNode,
    deepLinking: true,
    validatorUrl: null,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
  });
