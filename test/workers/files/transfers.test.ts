/** Contents over REST: what a bridge is told, and how its requests and a person's meet. */
import { describe, expect, it } from "vitest";
import { fileFailures } from "../../../durable-objects/protocol/files.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { newCluster } from "../environments/world.ts";
import { bridgeOf, facts, send, withFiles } from "./support.ts";

const whole = { kind: "content", file: facts, from: 0, length: 11, is_whole: true } as const;

describe("reading a file", () => {
  it("brings it as it comes, as an attachment that no browser runs", async () => {
    const { id, bridge, ask } = await withFiles();
    const answered = ask("GET", "/content?path=/workspace/notes/today.md");
    const { id: transfer, order } = await bridge.told();
    expect(order).toEqual({
      kind: "read_file",
      environment_id: id,
      path: "notes/today.md",
      range: null,
      if_range: null,
      if_none_match: [],
    });
    const brought = bridge.bring(transfer, 0, whole, "hello world");
    const answer = await answered;
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("hello world");
    expect((await brought).status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/markdown",
      "content-disposition": `attachment; filename="today.md"; filename*=UTF-8''today.md`,
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
      etag: '"1a-2b"',
      "last-modified": "Tue, 20 Oct 2026 12:00:00 GMT",
      "cache-control": "private, no-cache, no-transform",
    });
    expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'.*; sandbox$/);
    expect((await bridge.bring(transfer, 1, null, "more")).status).toBe(404);
  });

  it.each([
    ["bytes=2-5", { kind: "between", from: 2, to: 5 }],
    ["bytes=2-", { kind: "between", from: 2, to: null }],
    ["bytes=-4", { kind: "last", count: 4 }],
    ["bytes=0-1,3-4", null],
    ["bytes=5-2", null],
    ["lines=1-2", null],
    ["bytes=-", null],
  ])("understands the range %s", async (range, wanted) => {
    const { bridge, ask } = await withFiles();
    const answered = ask("GET", "/content?path=a", {
      headers: { range, "if-range": '"1a-2b"', "if-none-match": 'W/"x", "y"' },
    });
    const { id, order } = await bridge.told();
    expect(order).toMatchObject({ range: wanted, if_range: "1a-2b", if_none_match: ["x", "y"] });
    void bridge.bring(id, 0, { ...whole, from: 2, length: 4, is_whole: false }, "llo ");
    const answer = await answered;
    expect([answer.status, answer.headers.get("content-range")]).toEqual([206, "bytes 2-5/11"]);
    expect(await answer.text()).toBe("llo ");
  });

  it("says that it is the same, or that the range is beyond it, without a byte", async () => {
    const { bridge, ask } = await withFiles();
    const same = ask("GET", "/content?path=a", { headers: { "if-none-match": '"1a-2b"' } });
    await bridge.bring((await bridge.told()).id, 0, { kind: "not_modified", file: facts });
    expect([(await same).status, (await same).headers.get("etag")]).toEqual([304, '"1a-2b"']);
    const beyond = ask("GET", "/content?path=a", { headers: { range: "bytes=99-" } });
    await bridge.bring((await bridge.told()).id, 0, { kind: "unsatisfiable", size: 11 });
    expect([(await beyond).status, (await beyond).headers.get("content-range")]).toEqual([416, "bytes */11"]);
  });

  it("puts together what comes in several requests, in order and each once", async () => {
    const { bridge, ask } = await withFiles();
    const length = limits.maxTransferBytes + 5;
    const answered = ask("GET", "/content?path=big");
    const { id } = await bridge.told();
    const head = { ...whole, file: { ...facts, size: length }, length };
    const first = bridge.bring(id, 0, head, new Uint8Array(limits.maxTransferBytes));
    const reading = answered.then((answer) => answer.arrayBuffer());
    expect((await first).status).toBe(204);
    expect((await bridge.bring(id, 0, head, "again")).status).toBe(409);
    expect((await bridge.bring(id, 2, null, "too early")).status).toBe(409);
    expect((await bridge.bring(id, 1, null, "hello")).status).toBe(204);
    const bytes = new Uint8Array(await reading);
    expect(bytes.byteLength).toBe(length);
    expect(new TextDecoder().decode(bytes.subarray(-5))).toBe("hello");
  });

  it("breaks off where the bridge does, so that nobody takes a part for the whole", async () => {
    const { bridge, ask } = await withFiles();
    const answered = ask("GET", "/content?path=a");
    const { id } = await bridge.told();
    void bridge.bring(id, 0, whole, "hello").catch(() => undefined);
    await expect(answered.then((answer) => answer.text())).rejects.toThrow();
  });

  it("packs into an archive whose length nobody knows", async () => {
    const { bridge, ask } = await withFiles();
    const answered = ask("GET", "/archive?path=src");
    const { id, order } = await bridge.told();
    expect(order).toMatchObject({ kind: "pack", path: "src" });
    const first = bridge.bring(id, 0, { kind: "archive", name: 'a "b"\r\nSet-Cookie: x' }, "tar");
    const answer = await answered;
    const reading = answer.text();
    expect((await first).status).toBe(204);
    expect((await bridge.bring(id, 1, null, " goes on")).status).toBe(204);
    expect((await bridge.bring(id, "end", null)).status).toBe(204);
    expect(await reading).toBe("tar goes on");
    expect(answer.headers.get("content-type")).toBe("application/x-tar");
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("content-disposition")).toBe(
      `attachment; filename="a _b___Set-Cookie: x.tar"; filename*=UTF-8''a%20%22b%22%0D%0ASet-Cookie%3A%20x.tar`,
    );
  });
});

describe("writing a file", () => {
  it("hands the body over once, and tells what became of it", async () => {
    const { id, bridge, ask } = await withFiles();
    const answered = ask("PUT", "/content?path=a/b", {
      body: '{"json": null}',
      headers: { "content-type": "application/json", "if-match": '"1a-2b"' },
    });
    const { id: transfer, order } = await bridge.told();
    const condition = { kind: "one_of", etags: ["1a-2b"] };
    expect(order).toEqual({ kind: "write_file", environment_id: id, path: "a/b", length: 14, condition });
    const taken = await bridge.take(transfer);
    expect(await taken.text()).toBe('{"json": null}');
    expect((await bridge.take(transfer)).status).toBe(409);
    const head = { kind: "written", file: { ...facts, name: "b" }, is_new: true } as const;
    expect((await bridge.bring(transfer, 0, head)).status).toBe(204);
    const answer = await answered;
    expect([answer.status, answer.headers.get("etag")]).toEqual([201, '"1a-2b"']);
    expect(await answer.json()).toMatchObject({ path: "a/b", name: "b", etag: '"1a-2b"' });
    expect((await bridge.take(transfer)).status).toBe(404);
  });

  it.each([
    [{ "if-none-match": "*" }, { kind: "absent" }],
    [{ "if-match": "*" }, { kind: "present" }],
    [{ "if-match": "no tag" }, { kind: "one_of", etags: [] }],
    [{}, null],
  ])("asks for %j", async (headers, condition) => {
    const { bridge, ask } = await withFiles();
    const answered = ask("PUT", "/content?path=a", { body: "x", headers });
    const { id, order } = await bridge.told();
    expect(order).toMatchObject({ condition });
    await bridge.bring(id, 0, { kind: "failed", code: "file_changed", message: "" });
    expect((await answered).status).toBe(412);
  });

  it("is refused by the bridge before its body is read", async () => {
    const { bridge, ask } = await withFiles();
    const answered = ask("PUT", "/content?path=a", { body: new Uint8Array(1_000_000) });
    const { id } = await bridge.told();
    expect((await bridge.bring(id, 0, { kind: "failed", code: "no_space", message: "full" })).status).toBe(204);
    expect((await answered).status).toBe(507);
    expect(await (await answered).json()).toMatchObject({ code: "no_space", detail: expect.stringContaining("space") });
  });

  it("writes an empty file", async () => {
    const { bridge, ask } = await withFiles();
    const answered = ask("PUT", "/content?path=a", { body: "", headers: { "content-length": "0" } });
    const { id, order } = await bridge.told();
    expect(order).toMatchObject({ length: 0 });
    expect(await (await bridge.take(id)).text()).toBe("");
    await bridge.bring(id, 0, { kind: "written", file: facts, is_new: false });
    expect((await answered).status).toBe(200);
  });

  it("unpacks and takes parts by the same way", async () => {
    const { bridge, ask } = await withFiles();
    const unpacked = ask("PUT", "/archive?path=src", { body: "tar" });
    const first = await bridge.told();
    expect(first.order).toMatchObject({ kind: "unpack", path: "src", length: 3 });
    await bridge.bring(first.id, 0, { kind: "unpacked", entries: 7 });
    expect(await (await unpacked).json()).toEqual({ path: "src", entries: 7 });
    const part = ask("PUT", `/uploads/${"u".repeat(20)}/parts/3`, { body: "part" });
    const second = await bridge.told();
    expect(second.order).toMatchObject({ kind: "put_part", upload: "u".repeat(20), part: 3, length: 4 });
    await bridge.bring(second.id, 0, { kind: "part_taken", part: 3 });
    expect(await (await part).json()).toEqual({ part: 3 });
  });
});

describe("what a bridge refuses", () => {
  const statuses: Record<(typeof fileFailures)[number], [number, string]> = {
    path_not_found: [404, "path_not_found"],
    not_a_file: [409, "not_a_file"],
    not_a_directory: [409, "not_a_directory"],
    path_exists: [409, "path_exists"],
    directory_not_empty: [409, "directory_not_empty"],
    outside_workspace: [403, "outside_workspace"],
    bad_path: [400, "bad_path"],
    path_forbidden: [403, "path_forbidden"],
    file_changed: [412, "precondition_failed"],
    file_too_large: [413, "file_too_large"],
    no_space: [507, "no_space"],
    bad_archive: [422, "bad_archive"],
    unsafe_archive: [422, "unsafe_archive"],
    too_many_entries: [413, "too_many_entries"],
    upload_not_found: [404, "upload_not_found"],
    upload_incomplete: [409, "upload_incomplete"],
    too_many_uploads: [409, "too_many_uploads"],
  };

  it.each(fileFailures)("%s becomes what people understand", async (code) => {
    const { bridge, ask } = await withFiles();
    const answered = ask("PUT", "/archive?path=a", { body: "x" });
    await bridge.bring((await bridge.told()).id, 0, { kind: "failed", code, message: "for the log" });
    const answer = await answered;
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual(statuses[code]);
  });
});

describe("25: a transfer", () => {
  it("is served by a bridge of its cluster alone", async () => {
    const { bridge, ask, token } = await withFiles();
    const stranger = await bridgeOf((await newCluster()).token);
    const answered = ask("PUT", "/content?path=a", { body: "secret" });
    const { id } = await bridge.told();
    expect((await stranger.take(id)).status).toBe(404);
    expect((await stranger.bring(id, 0, { kind: "written", file: facts, is_new: true })).status).toBe(404);
    expect((await send("GET", `/api/v1/bridge/transfers/${id}`, token)).status).toBe(401);
    expect((await bridge.take("0".repeat(32))).status).toBe(404);
    expect((await bridge.take("no-id")).status).toBe(404);
    expect(await (await bridge.take(id)).text()).toBe("secret");
    await bridge.bring(id, 0, { kind: "written", file: facts, is_new: true });
    expect((await answered).status).toBe(201);
  });

  it("takes nothing that is no head, and no body for one that goes down", async () => {
    const { bridge, ask } = await withFiles();
    const answered = ask("GET", "/content?path=a");
    const { id } = await bridge.told();
    expect((await bridge.take(id)).status).toBe(404);
    expect((await bridge.bring(id, "end", null)).status).toBe(409);
    expect((await bridge.bring(id, 0, { kind: "nonsense" } as never, "x")).status).toBe(409);
    await bridge.bring(id, 0, { kind: "failed", code: "path_not_found", message: "" });
    expect((await answered).status).toBe(404);
  });
});

it("tells a bridge whose a transfer is, and who has too many under way to come again", async () => {
  const { person, bridge, ask } = await withFiles();
  const answered = ask("GET", "/content?path=a");
  const { id, owner } = await bridge.told();
  expect(owner).toBe(person.id);
  await bridge.bring(id, 0, { kind: "failed", code: "too_many_transfers", message: "Too many transfers at a time" });
  const answer = await answered;
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "5"]);
  expect(await answer.json()).toMatchObject({
    code: "too_many_requests",
    detail: "Too many transfers; try again later",
  });
});
