/** Who keeps a file for the benchmark: each takes one up and gives it back, over HTTP, checked to the byte. */
import { createHash } from "node:crypto";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const blockBytes = 256 * 1024;
/** A connection that was kept may just be closed by the other side. */
const fresh = { agent: false };

export interface Store {
  name: string;
  /** Where the file is put and got. */
  url: string;
  headers: OutgoingHttpHeaders;
}

/** Bytes that nothing on the way can make smaller, in blocks that are all the same. */
export class Content {
  readonly length: number;
  readonly digest: string;
  readonly #block = Buffer.alloc(blockBytes);

  constructor(length: number) {
    this.length = length;
    for (let at = 0, state = 1; at < blockBytes; at += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      this.#block[at] = state >>> 24;
    }
    const hash = createHash("sha256");
    for (const block of this.blocks()) hash.update(block);
    this.digest = hash.digest("hex");
  }

  *blocks(): Generator<Buffer> {
    for (let left = this.length; left > 0; left -= blockBytes) yield this.#block.subarray(0, left);
  }
}

/** Puts the file and returns how long that took, in ms. */
export async function putFile({ url, headers }: Store, content: Content): Promise<number> {
  const begin = performance.now();
  const sent = request(url, { ...fresh, method: "PUT", headers: { ...headers, "content-length": content.length } });
  const body = pipeline(Readable.from(content.blocks(), { objectMode: false }), sent);
  const [answer] = await Promise.all([answerOf(sent), body]);
  answer.resume();
  if (![200, 201].includes(answer.statusCode ?? 0)) throw new Error(`${url} answered ${answer.statusCode}`);
  return performance.now() - begin;
}

/** Gets the file and returns how long that took, in ms; throws where it is not what was put. */
export async function getFile({ url, headers }: Store, content: Content): Promise<number> {
  const begin = performance.now();
  const asked = request(url, { ...fresh, headers: { ...headers, "accept-encoding": "identity" } });
  const answered = answerOf(asked);
  asked.end();
  const chunks: Buffer[] = [];
  for await (const chunk of await answered) chunks.push(chunk);
  const took = performance.now() - begin;
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  if (hash.digest("hex") !== content.digest) throw new Error(`${url} gave another file than it was given`);
  return took;
}

function answerOf(sent: ReturnType<typeof request>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
  });
}
