/**
 * Holds real answers against the OpenAPI document: the status has to be documented for the operation, the media type
 * and the headers too, and the body has to fit the schema. For every suite that walks the API.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { app } from "../../../workers/app.ts";
import { type Document, type Operation, openApiDocument } from "../../../workers/http/document.ts";
import type { DocumentSchema } from "../../../workers/http/document-examples.ts";

export interface AnswerToHold {
  status: number;
  headers: Headers;
  /** The parsed body; undefined or null where there is none. */
  body: unknown;
}

/** No document tells of our mistakes; some tests make one on purpose. */
const bug = 500;

const compiled = new WeakMap<Document, Ajv2020>();
let ownDocument: Document | null = null;

/** The document of the application under test; built once. */
export function theDocument(): Document {
  ownDocument ??= openApiDocument(app, null);
  return ownDocument;
}

/** A validator that knows the document's schemas as `document#/components/schemas/Name`. */
export function ajv(document: Document): Ajv2020 {
  const known = compiled.get(document);
  if (known !== undefined) return known;
  const made = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(made);
  made.addSchema(document, "document");
  compiled.set(document, made);
  return made;
}

/** The schema itself where there is a reference to it. */
export function resolved(document: Document, schema: DocumentSchema): DocumentSchema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}

/** The operation that a request reaches, e.g. `GET /api/v1/environments/env_x/?lines=5`, and its path's pattern. */
export function operationOf(request: string): { operation: Operation; pattern: string; isBareArray: boolean } | null {
  const [method = "", url = ""] = request.split(" ");
  const path = url.split("?")[0] ?? "";
  const pattern = patternOf(path.replace(/(.)\/$/, "$1"), method.toLowerCase());
  const operation = theDocument().paths[pattern ?? ""]?.[method.toLowerCase()];
  if (pattern === null || operation === undefined) return null;
  return { operation, pattern, isBareArray: path.endsWith("/") && "x-trailing-slash" in operation };
}

/** What is wrong with an answer, in words; empty when the document foresees it. `request` is method and URL. */
export function problemsWithAnswer(request: string, answer: AnswerToHold): string[] {
  const found = operationOf(request);
  if (found === null) return [`${request} is not in the document`];
  const response = found.operation.responses[String(answer.status)] ?? found.operation.responses["default"];
  if (response === undefined) return [`${request} answered ${answer.status}, which the document does not tell`];
  const missing = Object.keys(response.headers ?? {}).filter((name) => isAlwaysSent(name) && !answer.headers.has(name));
  return [
    ...missing.map((name) => `${request} ${answer.status} lacks the header ${name}`),
    ...bodyProblems(request, answer, response.content, found.isBareArray ? found.operation : null),
  ];
}

/**
 * Throws when an answer of a documented operation is one that the document does not foresee. Every request that tests
 * of the Worker send goes through here, so the document is held against all they provoke.
 */
export function holdToDocument(request: string, answer: AnswerToHold): void {
  if (answer.status !== bug && operationOf(request) !== null) validateAnswer(request, answer);
}

/** Throws with everything that is wrong with an answer. */
export function validateAnswer(request: string, answer: AnswerToHold): void {
  const problems = problemsWithAnswer(request, answer);
  if (problems.length > 0) throw new Error(`${problems.join("; ")}: ${JSON.stringify(answer.body)?.slice(0, 600)}`);
}

/** Limits are told only where a limiter was asked; a full cluster says so without a time. */
const isAlwaysSent = (name: string) => name === "X-Request-ID";

function bodyProblems(
  request: string,
  { status, headers, body }: AnswerToHold,
  content: Operation["responses"][string]["content"],
  bareArrayOf: Operation | null,
): string[] {
  const type = headers.get("content-type")?.split(";")[0] ?? null;
  const isEmpty = body === undefined || body === null || body === "";
  if (content === undefined) return isEmpty ? [] : [`${request} ${status} has a body that the document does not tell`];
  const media = content[type ?? ""];
  if (media === undefined) return [`${request} ${status} is ${type}, not ${Object.keys(content).join(" or ")}`];
  if (media.schema === undefined || !/[/+]json$/.test(type ?? "")) return [];
  const isBareArray = bareArrayOf !== null && status < 300;
  const schema = isBareArray ? bareArray(bareArrayOf) : media.schema;
  const validator = ajv(theDocument());
  if (validator.validate(inDocument(schema), body)) return [];
  return [`${request} ${status} does not fit: ${validator.errorsText(validator.errors, { separator: ", " })}`];
}

function bareArray(operation: Operation): DocumentSchema {
  return (operation as unknown as { "x-trailing-slash": DocumentSchema })["x-trailing-slash"];
}

/** The same schema with its references made absolute. */
function inDocument(schema: DocumentSchema): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'));
}

/** A path without variables wins over one with. */
function patternOf(path: string, method: string): string | null {
  const parts = path.split("/");
  const fits = Object.entries(theDocument().paths).filter(([pattern, methods]) => {
    const wanted = pattern.split("/");
    return method in methods && wanted.length === parts.length && wanted.every((part, at) => isFit(part, parts[at]));
  });
  const [best] = fits.map(([pattern]) => pattern).sort((one, other) => variables(one) - variables(other));
  return best ?? null;
}

const isFit = (part: string, actual: string | undefined) => part === actual || (part.startsWith("{") && actual !== "");
const variables = (pattern: string) => pattern.split("{").length;
