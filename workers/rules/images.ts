/**
 * References to container images by the grammar of the distribution project: registry and port, path, tag, digest.
 * What follows it holds nothing that a shell, a flag parser or a path would read as more than a name. Pure.
 */
import { z } from "zod";

const domainLabel = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
/** A first part without a dot, a port or the word localhost is a path at the default registry. */
const registry = `(?:localhost|${domainLabel}(?:\\.${domainLabel})+|${domainLabel}(?=:))(?::[0-9]{1,5})?/`;
const pathPart = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const tag = ":[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digest = "@(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})";
const reference = new RegExp(`^(?:${registry})?${pathPart}(?:/${pathPart})*(?:${tag})?(?:${digest})?$`);
const maxLength = 400;

/** `python:3.12`, `registry.example.com:5000/team/image:tag@sha256:...`. */
export const imageSchema = z
  .string()
  .max(maxLength, { abort: true })
  .regex(reference, "must be an image reference such as python:3.12")
  .meta({ examples: ["python:3.12", "ghcr.io/team/image:1.2"] });
