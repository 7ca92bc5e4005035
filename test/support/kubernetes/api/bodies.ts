/** Bodies in and out: JSON or YAML read within a bound, answers written as JSON. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { parse } from "yaml";
import type { Fields } from "./objects.ts";
import { badRequest, StatusError } from "./statuses.ts";

const maxBodyBytes = 3 * 2 ** 20;

export async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes)
      throw new StatusError(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return undefined;
  const media = (incoming.headers["content-type"] ?? "application/json").split(";")[0]?.trim() ?? "";
  if (!/[/+](json|yaml)$/.test(media)) throw unreadable(media);
  try {
    return /yaml$/.test(media) ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding: ${error instanceof Error ? error.message : error}`);
  }
}

/** A real server reads protobuf as well, in which kubectl writes what it makes up itself; what it has from a file is JSON. */
function unreadable(media: string): StatusError {
  const hint = media.endsWith("protobuf") ? " (kubectl: write it with --dry-run=client -o yaml, and apply that)" : "";
  const message = `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`;
  return new StatusError(415, "UnsupportedMediaType", message + hint);
}

export function writeJson(response: ServerResponse, code: number, body: Fields): void {
  const text = JSON.stringify(body);
  response.writeHead(code, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

export function writeText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
