/** Everybody's environments for administrators: with their owners, and without what only an owner may see. */
import { describe, expect, it } from "vitest";
import { api, newWorld, setPhase } from "../environments/world.ts";
import { newAdmin } from "./support.ts";

interface Listed {
  environments: { id: string; owner?: { id: string; username: string }; environment_variables: object }[];
  pagination: { total: number; has_more: boolean };
}

const list = (token: string, query: string) => api<Listed>("GET", `/api/v1/environments?${query}`, { token });

describe("the list of everybody's environments", () => {
  it("tells the owner and never the variables, filtered by owner, cluster, template and status", async () => {
    const { accessToken: token } = await newAdmin();
    const { person, cluster, template, create } = await newWorld();
    const variables = { environment_variables: { SECRET: "hunter2-hunter2" } };
    const [first, second] = [(await create(variables)).body, (await create()).body];
    await setPhase(second.id, "stopped", "stopped");
    const { body } = await list(token, `scope=all&cluster_id=${cluster.id}`);
    expect(body.environments.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(body.environments.every(({ owner }) => owner?.id === person.id)).toBe(true);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|SECRET|FROM_TEMPLATE|sealed/);
    expect(body.environments.map((each) => each.environment_variables)).toEqual([{}, {}]);
    const total = async (query: string) => (await list(token, `scope=all&${query}`)).body.pagination.total;
    expect(await total(`user_id=${person.id}`)).toBe(2);
    expect(await total(`user_id=${person.id}&status=stopped`)).toBe(1);
    expect(await total(`user_id=usr_nobody&cluster_id=${cluster.id}`)).toBe(0);
    expect(await total(`template_id=${template}`)).toBe(2);
    const page = await list(token, `scope=all&cluster_id=${cluster.id}&limit=1&offset=1`);
    expect(page.body.environments.map(({ id }) => id)).toEqual([first.id]);
    expect(page.body.pagination).toMatchObject({ total: 2, has_more: false });
  });

  it("is not for people, who see their own whatever they ask for", async () => {
    const { person, create } = await newWorld();
    const stranger = await newWorld();
    await stranger.create();
    const { id } = (await create()).body;
    const refused = await api<{ code: string }>("GET", "/api/v1/environments?scope=all", { token: person.token });
    expect([refused.status, refused.body.code]).toEqual([403, "admin_required"]);
    const { body } = await list(person.token, `user_id=${stranger.person.id}`);
    expect(body.environments.map((each) => each.id)).toEqual([id]);
    expect(body.environments[0]).not.toHaveProperty("owner");
  });
});
