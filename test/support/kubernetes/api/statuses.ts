/** Errors as the API server writes them: a Status object with its own wording. Clients tell some apart only by message. */
import type { Fields } from "./objects.ts";
import { qualifiedName, type Resource } from "./resources.ts";

export interface Cause {
  reason: string;
  message: string;
  field: string;
}

interface Details extends Fields {
  name?: string;
  kind?: string;
  causes?: Cause[];
}

export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: Details | undefined;

  constructor(code: number, reason: string, message: string, details?: Details) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** What stands in the body. */
  toStatus(): Fields {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

function detailsOf(resource: Resource, name?: string): Details {
  const group = resource.group === "" ? {} : { group: resource.group };
  return { ...(name === undefined ? {} : { name }), ...group, kind: resource.plural };
}

export const notFound = (resource: Resource, name: string) =>
  new StatusError(404, "NotFound", `${qualifiedName(resource)} "${name}" not found`, detailsOf(resource, name));

export const noSuchResource = () =>
  new StatusError(404, "NotFound", "the server could not find the requested resource", {});

export const alreadyExists = (resource: Resource, name: string) =>
  new StatusError(
    409,
    "AlreadyExists",
    `${qualifiedName(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );

export const modified = (resource: Resource, name: string, why: string) =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

/** RBAC, quota and Pod Security refusals differ in `why` alone. */
export function forbidden(resource: Resource, name: string | undefined, why: string, causes?: Cause[]): StatusError {
  const subject = name === undefined ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  const details = { ...detailsOf(resource, name), ...(causes === undefined ? {} : { causes }) };
  return new StatusError(403, "Forbidden", `${subject} is forbidden: ${why}`, details);
}

export function invalid(resource: Resource, name: string, causes: Cause[]): StatusError {
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  const why = told.length === 1 ? told[0] : `[${told.join(", ")}]`;
  const group = resource.group === "" ? "" : `.${resource.group}`;
  const details: Details = { name, ...(group === "" ? {} : { group: resource.group }), kind: resource.kind, causes };
  return new StatusError(422, "Invalid", `${resource.kind}${group} "${name}" is invalid: ${why}`, details);
}

export const badRequest = (message: string) => new StatusError(400, "BadRequest", message);

export const unauthorized = () => new StatusError(401, "Unauthorized", "Unauthorized");

export const expired = (message: string) => new StatusError(410, "Expired", message);

export const internalError = (message: string) =>
  new StatusError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ message }] as unknown as Cause[],
  });

export const methodNotAllowed = () =>
  new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
