/** Files over REST that are not to be had: whose they are, what cannot be asked, what the cluster refuses. */
import { describe, expect, it, vi } from "vitest";
import type { AnswerResult, Question } from "../../../durable-objects/protocol/bridge-link.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { clusterThatAnswers } from "../environments/answering-cluster.ts";
import { api, type Problem, setPhase } from "../environments/world.ts";
import { hosting } from "../sharing/support.ts";
import { readAudit } from "../support/audit.ts";
import { running } from "../support/sockets.ts";
import { facts, send } from "./support.ts";

type Body = Record<string, unknown>;

/** Every route of files, with what it takes. */
const all: [string, string, unknown?][] = [
  ["GET", ""],
  ["GET", "/facts?path=a"],
  ["GET", "/content?path=a"],
  ["HEAD", "/content?path=a"],
  ["PUT", "/content?path=a", "x"],
  ["DELETE", "/content?path=a"],
  ["POST", "/directories", { path: "a" }],
  ["POST", "/move", { from: "a", to: "b" }],
  ["GET", "/archive"],
  ["PUT", "/archive", "x"],
  ["POST", "/uploads", { path: "a", length: 1 }],
  ["GET", `/uploads/${"u".repeat(20)}`],
  ["PUT", `/uploads/${"u".repeat(20)}/parts/0`, "x"],
  ["POST", `/uploads/${"u".repeat(20)}/finish`],
  ["DELETE", `/uploads/${"u".repeat(20)}`],
];

const initOf = (body: unknown): RequestInit =>
  typeof body === "object" && body !== null
    ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
    : { ...(body === undefined ? {} : { body: String(body) }) };

describe("1: files of an environment", () => {
  it("are its owner's alone: guests find nothing, whatever they may do at the terminal", async () => {
    const { id, guest } = await hosting();
    const [driver, viewer] = [await guest("driver"), await guest("viewer")];
    for (const [method, path, body] of all) {
      for (const { token } of [driver, viewer]) {
        const answer = await send(method, `/api/v1/environments/${id}/files${path}`, token, initOf(body));
        expect(answer.status, `${method} ${path}`).toBe(404);
      }
    }
  });

  it("are not to be had while it does not run, or without a bridge", async () => {
    const { id, person } = await running();
    const each = async (status: number) => {
      for (const [method, path, body] of all) {
        const answer = await send(method, `/api/v1/environments/${id}/files${path}`, person.token, initOf(body));
        expect(answer.status, `${method} ${path}`).toBe(status);
        if (status === 503) expect(answer.headers.get("retry-after")).toBeTruthy();
      }
    };
    await each(503);
    await setPhase(id, "stopped", "stopped");
    await each(409);
  });
});

describe("17: a path", () => {
  const hostile: [string, number][] = [
    ["../x", 403],
    ["a/../../x", 403],
    ["/etc/passwd", 403],
    ["/workspace/../etc", 403],
    [".devpocket/u-x/data", 403],
    ["n".repeat(256), 400],
    ["a\nb/../..", 403],
  ];

  it.each(hostile)("%j is refused everywhere before a bridge hears of it", async (path, status) => {
    const { id, person } = await running();
    const at = `/api/v1/environments/${id}/files`;
    const encoded = encodeURIComponent(path);
    const asked: [string, string, unknown?][] = [
      ["GET", `?path=${encoded}`],
      ["GET", `/facts?path=${encoded}`],
      ["GET", `/content?path=${encoded}`],
      ["PUT", `/content?path=${encoded}`, "x"],
      ["DELETE", `/content?path=${encoded}&recursive=true`],
      ["GET", `/archive?path=${encoded}`],
      ["PUT", `/archive?path=${encoded}`, "x"],
      ["POST", "/directories", { path }],
      ["POST", "/move", { from: path, to: "b" }],
      ["POST", "/move", { from: "a", to: path }],
      ["POST", "/uploads", { path, length: 1 }],
    ];
    for (const [method, rest, body] of asked) {
      const answer = await send(method, at + rest, person.token, initOf(body));
      expect(answer.status, `${method} ${rest}: ${await answer.clone().text()}`).toBe(status);
    }
  });

  it("with NUL is no input", async () => {
    const { id, person } = await running();
    const answer = await send("GET", `/api/v1/environments/${id}/files/content?path=a%00b`, person.token);
    expect(answer.status).toBe(400);
  });
});

describe("18: a body", () => {
  it("says how long it is, within what one request may carry, and else is told of parts", async () => {
    const { id, person } = await running();
    const at = `/api/v1/environments/${id}/files`;
    for (const path of ["/content?path=a", "/archive", `/uploads/${"u".repeat(20)}/parts/0`]) {
      const { readable, writable } = new IdentityTransformStream();
      const unmeasured = send("PUT", at + path, person.token, { body: readable });
      const writer = writable.getWriter();
      const fed = writer.write(new TextEncoder().encode("x")).then(() => writer.close());
      fed.catch(() => undefined);
      expect((await unmeasured).status).toBe(411);
      const large = new FixedLengthStream(limits.maxTransferBytes + 1);
      const answer = await send("PUT", at + path, person.token, { body: large.readable });
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({
        code: "body_too_large",
        detail: expect.stringContaining("in parts"),
      });
    }
  });

  it.each([
    [{ path: "a" }, "length"],
    [{ path: "a", length: -1 }, "length"],
    [{ path: "a", length: 1.5 }, "length"],
    [{ path: "a", length: limits.maxUploadBytes + 1 }, "length"],
    [{ path: "a", length: 10, part_bytes: 1_000 }, "part_bytes"],
    [{ path: "a", length: 10, part_bytes: 0 }, "part_bytes"],
    [{ path: "a", length: 10, part_bytes: 2 * limits.maxTransferBytes }, "part_bytes"],
    [{ path: "a", length: limits.maxUploadBytes, part_bytes: limits.partBlockBytes }, "part_bytes"],
  ])("is not begun to be uploaded as %j", async (body, field) => {
    const { id, person } = await running();
    const path = `/api/v1/environments/${id}/files/uploads`;
    const refused = await api<Problem>("POST", path, { token: person.token, body });
    expect([refused.status, refused.body.errors?.map((error) => error.field)]).toEqual([400, [field]]);
  });

  it.each(["x", "-1", "2000", "1e3", "99999"])("has no part %s", async (part) => {
    const { id, person } = await running();
    const path = `/api/v1/environments/${id}/files/uploads/${"u".repeat(20)}/parts/${part}`;
    expect((await send("PUT", path, person.token, { body: "x" })).status).toBe(404);
  });
});

describe("what is asked of the cluster", () => {
  it("is asked as it was meant, and told as it is", async () => {
    const { id, person } = await running();
    const { token } = person;
    const upload = { id: "u".repeat(20), path: "a/b", length: 9, part_bytes: 8_388_608, received: [0] };
    const odd = { ...facts, name: "caf\uFFFD", is_readable_name: false };
    const answers = (question: Question): AnswerResult => {
      if (question.kind === "list_files") return { kind: "files", files: [facts, odd], total: 7 };
      if (question.kind === "remove_file") return { kind: "file_removed" };
      if (question.kind === "abandon_upload") return { kind: "upload_abandoned" };
      if (question.kind === "begin_upload" || question.kind === "find_upload") return { kind: "upload", upload };
      return { kind: "file", file: facts, is_new: question.kind === "make_directory" };
    };
    const { api: served, asked } = clusterThatAnswers(answers);
    const at = `/api/v1/environments/${id}/files`;
    const ask = async (method: string, path: string, body?: unknown) => {
      const answer = await served<Body>(method, at + path, { token, body });
      return { status: answer.status, body: answer.body, question: asked.at(-1) };
    };
    const told = { kind: "file", size: 11, etag: '"1a-2b"' };
    const list = await ask("GET", "?path=a&limit=2&offset=1");
    expect(list.question).toEqual({ kind: "list_files", environment_id: id, path: "a", offset: 1, limit: 2 });
    expect(list.body).toMatchObject({
      path: "a",
      files: [
        { ...told, path: "a/today.md" },
        { ...told, path: null },
      ],
      pagination: { total: 7, limit: 2, offset: 1, has_more: true },
    });
    expect((await ask("GET", "/facts?path=x")).body).toMatchObject({ ...told, path: "x" });
    expect((await ask("POST", "/directories", { path: "n/m" })).status).toBe(201);
    expect((await ask("POST", "/move", { from: "a", to: "/workspace/b", replace: true })).question).toMatchObject({
      from: "a",
      to: "b",
      replace: true,
    });
    expect((await ask("DELETE", "/content?path=a&recursive=true")).question).toMatchObject({ recursive: true });
    const begun = await ask("POST", "/uploads", { path: "a/b", length: 9 });
    expect([begun.status, begun.body]).toEqual([201, upload]);
    expect(begun.question).toMatchObject({ kind: "begin_upload", length: 9, part_bytes: 8_388_608, condition: null });
    expect((await ask("GET", `/uploads/${upload.id}`)).body).toEqual(upload);
    expect((await ask("POST", `/uploads/${upload.id}/finish`)).body).toMatchObject({ path: "a/b" });
    expect((await ask("DELETE", `/uploads/${upload.id}`)).status).toBe(200);
    expect((await ask("DELETE", "/uploads/no-id")).status).toBe(404);
    const changes = { "file.make_directory": { path: "n/m" }, "file.move": { from: "a", to: "b", replace: true } };
    const others = {
      "file.remove": { path: "a", recursive: true },
      "file.write": { path: "a/b", is_new: false, size: 11 },
    };
    await vi.waitFor(async () => {
      const rows = (await readAudit(id)).filter(({ action }) => action.startsWith("file."));
      expect(Object.fromEntries(rows.map(({ action, detail }) => [action, detail]))).toEqual({ ...changes, ...others });
      expect(rows).toHaveLength(4);
    }, 10_000);
    // Of a long path the beginning is kept, in whole characters.
    const long = `${"d/".repeat(255)}x`;
    await ask("DELETE", `/content?path=${long}${encodeURIComponent("😀")}`);
    await vi.waitFor(async () => {
      const detail = { path: `${long}\uFFFD`, recursive: false };
      expect(await readAudit(id)).toContainEqual(expect.objectContaining({ action: "file.remove", detail }));
    }, 10_000);
  });
});
