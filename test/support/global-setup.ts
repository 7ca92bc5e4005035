/**
 * Starts services.ts once for all projects of a test run and hands what it tells to them as `inject("variables")` and
 * `inject("sharedProduct")`. Before that it looks for the programs that tests run in real shells, so that a bare machine
 * is told of them in one line.
 */
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import type { TestServices } from "./variables.ts";

interface Services extends TestServices {
  child: ChildProcess;
}
/** The projects load this file one by one, in one process: what they share hangs on the global object. */
const shared = globalThis as { devpocketServices?: { services: Promise<Services>; users: number } };

/** Program and Debian package. */
const wanted = { tmux: "tmux", vim: "vim", htop: "htop" } as const;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.devpocketServices ??= { services: start(), users: 0 };
  const { devpocketServices } = shared;
  devpocketServices.users += 1;
  const { child, variables, sharedProduct } = await devpocketServices.services;
  project.provide("variables", variables);
  project.provide("sharedProduct", sharedProduct);
  return async () => {
    devpocketServices.users -= 1;
    if (devpocketServices.users > 0) return;
    delete shared.devpocketServices;
    await ended(child);
  };
}

function start(): Promise<Services> {
  checkPrograms();
  const child = fork(fileURLToPath(new URL("services.ts", import.meta.url)), { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once("message", (services) => resolve({ child, ...(services as TestServices) }));
    child.once("exit", (code) => reject(new Error(`the test services ended with code ${code}`)));
  });
}

function checkPrograms(): void {
  const missing = Object.entries(wanted).filter(([name]) => spawnSync("which", [name]).status !== 0);
  if (missing.length === 0) return;
  const [names, packages] = [0, 1].map((column) => missing.map((each) => each[column]).join(" "));
  throw new Error(`the tests miss ${names}: install them (Debian: sudo apt-get install ${packages}) and start again`);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.disconnect();
  });
}
