import { expect, it } from "vitest";
import { readFacts } from "../../../bridge/runtime/kubernetes/files/facts.ts";
import { fileFactsSchema } from "../../../durable-objects/protocol/files.ts";

it.each(["9223372036854775807 1", "9".repeat(60).concat(" 1"), "1 99999999999999999", `1 -${"9".repeat(400)}`])(
  "facts of a file that an environment says is %s are such as a message carries",
  (numbers) => {
    const facts = readFacts(Buffer.from(`file ${numbers} 0 1-2\n\0`), "f");
    expect(fileFactsSchema.safeParse(facts).success).toBe(true);
  },
);
