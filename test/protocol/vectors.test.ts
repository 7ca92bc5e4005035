import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { bridgeMessageSchema, clusterMessageSchema } from "../../durable-objects/protocol/bridge-link.ts";
import { clientMessageSchema, logMessageSchema } from "../../durable-objects/protocol/client.ts";
import { clientMessage2Schema } from "../../durable-objects/protocol/client-2.ts";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { dataMessageSchema, terminalMessageSchema } from "../../durable-objects/protocol/data-socket.ts";
import {
  decodeStreamFrame,
  encodeStreamFrame,
  type StreamFrame,
} from "../../durable-objects/protocol/stream-frames.ts";
import { root } from "../support/source-tree.ts";
import vectors from "./vectors.json" with { type: "json" };

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const frameOf = (vector: (typeof vectors.stream_frames)[number]) =>
  ({ ...vector.frame, bytes: bytesOf(vector.payload) }) as StreamFrame;

const schemas = {
  client: clientMessageSchema,
  client_2: clientMessage2Schema,
  bridge_to_terminal: dataMessageSchema,
  terminal_to_bridge: terminalMessageSchema,
  bridge_to_cluster: bridgeMessageSchema,
  cluster_to_bridge: clusterMessageSchema,
} satisfies Record<keyof typeof vectors.messages, z.ZodType>;

describe("golden vectors", () => {
  it.each(vectors.stream_frames)("$name is written and read as it stands there", (vector) => {
    const frame = frameOf(vector);
    expect(Buffer.from(encodeStreamFrame(frame)).toString("hex")).toBe(vector.encoded.replaceAll(" ", ""));
    expect(decodeStreamFrame(bytesOf(vector.encoded).buffer)).toEqual(frame);
  });

  it.each(vectors.malformed_frames)("$name is no frame", ({ encoded }) => {
    expect(decodeStreamFrame(bytesOf(encoded).buffer)).toBeNull();
  });

  it.each(Object.entries(vectors.messages))("%s messages are told apart", (name, { valid, invalid }) => {
    const schema = schemas[name as keyof typeof schemas];
    expect(valid.filter((message) => !schema.safeParse(message).success)).toEqual([]);
    expect(invalid.filter((message) => schema.safeParse(message).success)).toEqual([]);
  });
});

describe("the protocol's README", () => {
  const text = readFileSync(join(root, "durable-objects/protocol/README.md"), "utf8");

  it("lists every close with its code and reason", () => {
    const missing = Object.values(closes).filter(({ code, reason }) => !text.includes(`| ${code} | ${reason} |`));
    expect(missing).toEqual([]);
  });

  it("names every message", () => {
    const types = [...Object.values(schemas), logMessageSchema].flatMap((schema) =>
      schema.options.map((option) => option.shape.type.value),
    );
    expect(types.filter((type) => !text.includes(`\`${type}`))).toEqual([]);
  });
});
