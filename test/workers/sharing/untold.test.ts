/** What a guest's object could not be told when their rights changed: the sweep tells it, and once. */
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { administerPerson } from "../../../workers/domain/accounts/people.ts";
import { authenticateToken } from "../../../workers/domain/accounts/sessions.ts";
import type { Deps } from "../../../workers/domain/deps.ts";
import { leaveOffer } from "../../../workers/domain/sharing/accept.ts";
import { changeShare } from "../../../workers/domain/sharing/offer.ts";
import { newAdmin } from "../administration/support.ts";
import { db, runCron } from "../environments/world.ts";
import { newDeps } from "../support/deps.ts";
import { bearer, closeOf, dial, open, refusal, terminalPath } from "../support/sockets.ts";
import { hosting } from "./support.ts";

/** Deps that do not reach anybody's object. */
function cutOff() {
  const { objects } = newDeps();
  const user: Deps["objects"]["user"] = (id) =>
    Object.assign(Object.create(objects.user(id)), { end: () => Promise.reject(new Error("the object is away")) });
  return newDeps({ objects: { ...objects, user } });
}

async function untoldAt(environmentId: string): Promise<unknown[]> {
  const { rows } = await db.execute(sql`select user_id from untold_guests where environment_id = ${environmentId}`);
  return rows;
}

/** A driver at an open socket of version 1, and deps that will not reach them. */
async function driving() {
  const world = await hosting();
  const driver = await world.guest("driver");
  const socket = await open(terminalPath(world.id), bearer(driver.token));
  return { ...world, driver, socket, deps: cutOff() };
}

const principalOf = (token: string) => authenticateToken(newDeps(), token);

it("a demotion that did not arrive is told by the sweep, and then they only watch", async () => {
  const { id, owner, driver, socket, deps } = await driving();
  await changeShare(deps, await principalOf(owner.token), { environmentId: id, shareId: driver.shareId }, "viewer");
  await deps.settled();
  await runCron();
  expect(await closeOf(socket)).toBe("accessChanged");
  const again = await open(terminalPath(id), bearer(driver.token));
  again.say({ type: "input", data: "x" });
  await again.has({ type: "error", code: "read_only" });
  expect(await untoldAt(id)).toEqual([]);
});

it("a guest who left is shown out by the sweep", async () => {
  const { id, driver, socket, deps } = await driving();
  await leaveOffer(deps, await principalOf(driver.token), driver.shareId);
  await deps.settled();
  await runCron();
  expect(await closeOf(socket)).toBe("accessEnded");
  expect(await untoldAt(id)).toEqual([]);
});

it("the guests of a disabled owner are shown out by the sweep", async () => {
  const { id, owner, driver, socket, deps } = await driving();
  const admin = await principalOf((await newAdmin()).accessToken);
  await administerPerson(deps, admin, owner.id, { isActive: false });
  await deps.settled();
  await runCron();
  expect(await closeOf(socket)).toBe("accessEnded");
  expect(await refusal(await dial(terminalPath(id), bearer(driver.token)))).toBe("accessEnded");
  expect(await untoldAt(id)).toEqual([]);
});

it("what arrived at once is not told again", async () => {
  const { id, owner, driver, socket } = await driving();
  const deps = newDeps();
  const named = { environmentId: id, shareId: driver.shareId };
  await changeShare(deps, await principalOf(owner.token), named, "viewer");
  await deps.settled();
  expect(await closeOf(socket)).toBe("accessChanged");
  expect(await untoldAt(id)).toEqual([]);
  const again = await open(terminalPath(id), bearer(driver.token));
  await runCron();
  expect(again.closed).toBeNull();
});
