/**
 * What older clients say differently, put right before any schema sees it: camelCase spellings, explicit nulls,
 * empty bodies, form bodies. Bridge routes speak a strict protocol and are mounted before this.
 */
import { Failed } from "../rules/failures.ts";
import type { AppContext, AppMiddleware } from "./context.ts";
import { isFileBody } from "./file-bodies.ts";
import { refuseUnfitBody } from "./input-bounds.ts";

const spellings = new Map(
  Object.entries({
    usernameOrEmail: "username_or_email",
    fullName: "full_name",
    refreshToken: "refresh_token",
    templateId: "template_id",
    clusterId: "cluster_id",
    environmentVariables: "environment_variables",
    idToken: "id_token",
    currentPassword: "current_password",
    newPassword: "new_password",
    avatarUrl: "avatar_url",
    resourceLimits: "resource_limits",
  }),
);

const methodsWithBody = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Rewrites the body of a request into the one dialect; other media types pass through untouched. */
export const dialect: AppMiddleware = async (c, next) => {
  if (methodsWithBody.has(c.req.method) && !isFileBody(c)) await rewriteBody(c);
  await next();
};

async function rewriteBody(c: AppContext): Promise<void> {
  const mediaType = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (mediaType !== "" && !isJson(mediaType) && mediaType !== "application/x-www-form-urlencoded") return;
  const text = new TextDecoder().decode(await c.req.arrayBuffer());
  const body = mediaType === "application/x-www-form-urlencoded" ? parseForm(text) : parseJson(text);
  refuseUnfitBody(body);
  replaceBody(c, normalize(body));
}

function isJson(mediaType: string): boolean {
  return /^application\/([a-z.-]+\+)?json$/.test(mediaType);
}

/** Top-level spellings and nulls only: below, a null has a meaning of its own. */
function normalize(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const present = Object.entries(body).filter(([, value]) => value !== null);
  const respelled = present.flatMap(([key, value]) => (spellings.has(key) ? [[spellings.get(key), value]] : []));
  const known = present.filter(([key]) => !spellings.has(key));
  return Object.fromEntries([...respelled, ...known]);
}

function parseForm(text: string): unknown {
  return Object.fromEntries(new URLSearchParams(text));
}

function parseJson(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failed({ kind: "malformed_json" }, { cause });
  }
}

function replaceBody(c: AppContext, body: unknown): void {
  const headers = new Headers(c.req.raw.headers);
  headers.set("content-type", "application/json");
  headers.delete("content-length");
  c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body: JSON.stringify(body) });
  c.req.bodyCache = {};
}
