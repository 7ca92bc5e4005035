/** Somebody who may administrate: a person of their own for each test. */
import { eq } from "drizzle-orm";
import { users } from "../../../workers/store/schema/accounts.ts";
import { newPerson, type Person } from "./api.ts";
import { newDeps } from "./deps.ts";

export async function newAdministrator(): Promise<Person> {
  const person = await newPerson();
  await newDeps().db.update(users).set({ role: "admin" }).where(eq(users.id, person.userId));
  return person;
}
