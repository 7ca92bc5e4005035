/** The README's walk with curl, taken from the README itself and run word for word; only the port is another. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { root } from "../support/source-tree.ts";
import { type SharedProduct, sharedProduct } from "./support/shared.ts";

const walk = sectionOf(readFileSync(join(root, "README.md"), "utf8"), "A walk with curl");
let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

function sectionOf(markdown: string, heading: string): string {
  const [, section = ""] = markdown.split(`## ${heading}\n`);
  return section.split("\n## ")[0] ?? "";
}

/** The text of the section's first block in this language. */
function blockOf(language: string): string {
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(walk)?.[1] ?? "";
}

/** The README's own port becomes that of the product under test. */
const here = (text: string) => text.replaceAll("localhost:8000", new URL(product.url).host);

/** Runs the README's shell lines and answers the variables that they leave behind. */
function runWalk(): { registered: string; token: string; environmentId: string } {
  const script = `set -e\n${here(blockOf("sh"))}\nprintf '\\n%s\\n%s\\n' "$TOKEN" "$ENV"`;
  const { stdout, stderr, status } = spawnSync("sh", ["-c", script], { encoding: "utf8", timeout: 40_000 });
  if (status !== 0) throw new Error(`the walk ended with ${status}: ${stderr}`);
  const [registered = "", token = "", environmentId = ""] = stdout.trim().split("\n");
  return { registered, token, environmentId };
}

describe("the README's walk", () => {
  it("leads from registering to a shell that answers", async () => {
    const { registered, token, environmentId } = runWalk();
    expect(JSON.parse(registered)).toMatchObject({ username: "developer", full_name: "Developer User" });
    expect(environmentId).toMatch(/^env_[a-z0-9]{20}$/);

    const [address = ""] = /ws:\/\/[^`\s]+/.exec(here(walk)) ?? [];
    const socket = new WebSocket(address.replace("$ENV", environmentId).replace("$TOKEN", token));
    const frames: { type: string; data?: string; environment?: { status: string } }[] = [];
    socket.on("message", (data) => frames.push(JSON.parse(String(data))));
    await vi.waitUntil(() => frames.length >= 2, 20_000);
    expect(frames[0]?.type).toBe("output");
    expect(frames[1]).toMatchObject({ type: "welcome", environment: { status: "running" } });

    for (const frame of blockOf("json").trim().split("\n")) socket.send(frame);
    const output = () => frames.map(({ data = "" }) => data).join("");
    await vi.waitFor(() => expect(output()).toMatch(/ls -la.*total \d+/s), 20_000);
    await vi.waitFor(() => expect(frames.map(({ type }) => type)).toContain("pong"), 20_000);
    expect(frames.map(({ type }) => type)).not.toContain("error");
    socket.close();
  });
});
