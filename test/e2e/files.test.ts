/** Files through everything: REST, a transfer's object, a bridge and the file system of an environment that runs. */
import { createHash } from "node:crypto";
import { readdir, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { type Person, register } from "./support/person.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

const mebibyte = 2 ** 20;
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const noise = (length: number) =>
  Buffer.from(Array.from({ length: 4_099 }, (_, at) => (at * 31 + (at >> 3)) % 256))
    .toString("latin1")
    .repeat(Math.ceil(length / 4_099))
    .slice(0, length);

describe("files", { timeout: 120_000 }, () => {
  let product: SharedProduct;
  let person: Person;
  let id: string;
  let workspace: string;

  beforeAll(async () => {
    product = await sharedProduct();
    person = await register(product.url);
    id = (await person.createEnvironment()).id;
    workspace = join(product.dataDirectory, "environments", id, "workspace");
  });

  const ask = (method: string, rest: string, init: RequestInit = {}) =>
    fetch(`${product.url}/api/v1/environments/${id}/files${rest}`, {
      ...init,
      method,
      headers: { authorization: `Bearer ${person.token}`, ...(init.headers as Record<string, string>) },
    });
  const staging = () => readdir(join(workspace, ".devpocket")).catch(() => []);

  it("go up and down whole, in parts of themselves, and only over what was seen", async () => {
    const put = (body: string, headers = {}) => ask("PUT", "/content?path=src/a%20b.json", { body, headers });
    const made = await put('{"a": null}', { "content-type": "application/json" });
    expect(made.status).toBe(201);
    // Locally, what stands before the server compresses whatever it may, and then tells no length.
    const plain = { headers: { "accept-encoding": "identity" } };
    const read = await ask("GET", "/content?path=src/a%20b.json", plain);
    expect([read.status, await read.text()]).toEqual([200, '{"a": null}']);
    expect(read.headers.get("etag")).toBe(made.headers.get("etag"));
    expect(read.headers.get("content-length")).toBe("11");
    const range = await ask("GET", "/content?path=src/a%20b.json", { headers: { range: "bytes=-4" } });
    expect([range.status, await range.text()]).toEqual([206, "ull}"]);
    const etag = String(made.headers.get("etag"));
    expect((await ask("GET", "/content?path=src/a%20b.json", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await put("new", { "if-match": etag })).status).toBe(200);
    expect((await put("newer", { "if-match": etag })).status).toBe(412);
    const head = await ask("HEAD", "/content?path=src/a%20b.json");
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "3"]);
    const list = (await (await ask("GET", "?path=src")).json()) as { files: object[] };
    expect(list.files).toMatchObject([{ name: "a b.json", path: "src/a b.json", size: 3 }]);
    expect((await ask("DELETE", "/content?path=src")).status).toBe(409);
    expect((await ask("DELETE", "/content?path=src&recursive=true")).status).toBe(200);
    expect((await ask("GET", "/content?path=src/a%20b.json")).status).toBe(404);
  });

  it("come down larger than one request between us may be", async () => {
    const content = Buffer.from(noise(limits.maxTransferBytes + 3 * mebibyte + 7), "latin1");
    await writeFile(join(workspace, "large"), content);
    const answer = await ask("GET", "/content?path=large");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(bytes.byteLength).toBe(content.byteLength);
    expect(digest(bytes)).toBe(digest(content));
    expect((await ask("PUT", "/content?path=too-large", { body: content })).status).toBe(413);
    await ask("DELETE", "/content?path=large");
  });

  it("go up in parts, and on after a cut", async () => {
    const content = Buffer.from(noise(2 * mebibyte + 5), "latin1");
    const partBytes = mebibyte;
    const begun = await ask("POST", "/uploads", {
      body: JSON.stringify({ path: "up/video", length: content.byteLength, part_bytes: partBytes }),
      headers: { "content-type": "application/json" },
    });
    expect(begun.status).toBe(201);
    const { id: upload } = (await begun.json()) as { id: string };
    const put = (part: number, init: RequestInit = {}) =>
      ask("PUT", `/uploads/${upload}/parts/${part}`, {
        body: content.subarray(part * partBytes, (part + 1) * partBytes),
        ...init,
      });
    expect((await put(2)).status).toBe(200);
    expect((await put(0, { body: content.subarray(0, 10) })).status).toBe(400);
    expect((await put(0)).status).toBe(200);
    expect((await ask("POST", `/uploads/${upload}/finish`)).status).toBe(409);
    const found = (await (await ask("GET", `/uploads/${upload}`)).json()) as { received: number[] };
    expect(found.received).toEqual([0, 2]);
    expect((await put(1)).status).toBe(200);
    expect((await ask("POST", `/uploads/${upload}/finish`)).status).toBe(200);
    const bytes = new Uint8Array(await (await ask("GET", "/content?path=up/video")).arrayBuffer());
    expect(digest(bytes)).toBe(digest(content));
    expect(await staging()).toEqual([]);
  });

  it("go down as an archive and up as one", async () => {
    await ask("PUT", "/content?path=site/index.html", { body: "<h1>hi</h1>" });
    await ask("PUT", "/content?path=site/css/main.css", { body: "h1 {}" });
    const packed = await ask("GET", "/archive?path=site");
    expect(packed.headers.get("content-disposition")).toContain('filename="site.tar"');
    const tar = await packed.arrayBuffer();
    const unpacked = await ask("PUT", "/archive?path=copy", { body: tar });
    expect(await unpacked.json()).toEqual({ path: "copy", entries: 4 });
    expect(await (await ask("GET", "/content?path=copy/css/main.css")).text()).toBe("h1 {}");
    expect((await ask("PUT", "/archive?path=copy", { body: "no tar at all".repeat(100) })).status).toBe(422);
  });

  it("leave the terminal alone while they wait for a slow device, and nothing behind when it hangs up", async () => {
    await writeFile(join(workspace, "slow"), Buffer.alloc(32 * mebibyte));
    const terminal = await person.openTerminal(id);
    await terminal.sees(/[#$] *$/);
    const downloads = await Promise.all([1, 2, 3].map(() => ask("GET", "/content?path=slow")));
    const upload = request(`${product.url}/api/v1/environments/${id}/files/content?path=never`, {
      method: "PUT",
      headers: { authorization: `Bearer ${person.token}`, "content-length": String(mebibyte) },
    });
    upload.on("error", () => undefined);
    upload.write(Buffer.alloc(1_000));
    await vi.waitUntil(async () => (await staging()).length === 1, 15_000);
    for (const round of [1, 2, 3]) {
      terminal.type(`clear; echo round-$((${round}*7))\r`);
      await terminal.sees(new RegExp(`^round-${round * 7}$`, "m"));
    }
    for (const download of downloads) await download.body?.cancel();
    upload.destroy();
    await terminal.close();
    expect((await ask("GET", "/content?path=never")).status).toBe(404);
    expect((await stat(join(workspace, "slow"))).size).toBe(32 * mebibyte);
  });
});
