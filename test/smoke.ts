/**
 * `npm run smoke -- URL [--read-only]`: asks a running installation the questions a user would. Registers a person,
 * makes an environment, types into its shell and removes both again; `--read-only` leaves that part out. Exits 1 when
 * anything is wrong.
 */
import { WebSocket } from "ws";
import { type Person, register } from "./e2e/support/person.ts";

const [url = "", ...flags] = process.argv.slice(2).map((argument) => argument.replace(/\/$/, ""));
if (!/^https?:\/\//.test(url)) {
  console.error("usage: npm run smoke -- https://devpocket.example [--read-only]");
  process.exit(2);
}

let failures = 0;

async function check(claim: string, ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
    console.log(`ok    ${claim}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL  ${claim}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected)
    throw new Error(`${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

async function get(path: string): Promise<Response> {
  return fetch(url + path, { redirect: "manual" });
}

async function refusal(path: string): Promise<number> {
  const socket = new WebSocket(url.replace(/^http/, "ws") + path);
  return new Promise((resolve, reject) => {
    socket.on("close", (code) => resolve(code));
    socket.on("error", reject);
  });
}

await check("is healthy and its dependencies answer", async () => {
  const body = (await (await get("/health")).json()) as { status: string };
  expectEqual("status", body.status, "healthy");
  expectEqual("/health/ready", (await get("/health/ready")).status, 200);
});
await check("lists templates in both shapes", async () => {
  const listed = (await (await get("/api/v1/templates")).json()) as { templates: unknown[] };
  const bare = (await (await get("/api/v1/templates/")).json()) as unknown[];
  expectEqual("an object with templates", listed.templates.length > 0 && Array.isArray(bare), true);
});
await check("answers a stranger with a problem body and a request id", async () => {
  const response = await get("/api/v1/auth/me");
  expectEqual("status", response.status, 401);
  expectEqual("content type", response.headers.get("content-type")?.startsWith("application/problem+json"), true);
  expectEqual("a request id", (response.headers.get("x-request-id") ?? "").length > 0, true);
});
await check("refuses a socket without a token by close 1008", async () => {
  expectEqual("close code", await refusal("/api/v1/ws/terminal/env_00000000000000000000"), 1008);
});
await check("serves the page under a strict policy", async () => {
  const response = await get("/");
  expectEqual("status", response.status, 200);
  expectEqual("a policy", response.headers.get("content-security-policy")?.includes("script-src 'self'"), true);
});
if (!flags.includes("--read-only")) await check("gives a new person a shell that counts to 42", tryShell);
console.log(failures === 0 ? "smoke: everything answers" : `smoke: ${failures} of the checks failed`);
process.exit(failures === 0 ? 0 : 1);

async function tryShell(): Promise<void> {
  const person = await register(url);
  try {
    const { id } = await person.createEnvironment({ name: "smoke", template: "ubuntu" });
    await type42(person, id);
    expectEqual("delete", (await person.call("DELETE", `/environments/${id}?force=true`)).status, 200);
  } finally {
    await person.call("DELETE", "/users/me");
  }
}

async function type42(person: Person, environmentId: string): Promise<void> {
  const terminal = await person.openTerminal(environmentId);
  terminal.type("echo $((6*7))\r");
  await terminal.sees(/^42$/m);
  await terminal.close();
}
