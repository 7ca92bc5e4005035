/** Templates and clusters as people see them. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { api, db, newCluster, newTemplate, newWorld, type Problem } from "./world.ts";

type Template = Record<string, unknown> & { id: string };
interface List {
  templates: Template[];
  pagination: { total: number };
}
const idsOf = (templates: Template[]) => templates.map((template) => template.id);

describe("templates", () => {
  it("are listed to everybody, as an object and as a bare array", async () => {
    const id = await newTemplate();
    const object = await api<List>("GET", `/api/v1/templates?search=${id}`);
    const bare = await api<Template[]>("GET", `/api/v1/templates/?search=${id}`);
    expect(object.body.templates).toMatchObject([
      {
        id,
        name: id,
        display_name: `Shown ${id}`,
        docker_image: "node:22",
        image: "node:22",
        default_port: 8000,
        default_resources: { cpu: "500m", memory: "1Gi", storage: "10Gi" },
        environment_variables: { FROM_TEMPLATE: "yes" },
        startup_commands: ["node --version"],
        status: "active",
        version: "1.0.0",
        usage_count: 0,
      },
    ]);
    expect(bare.body).toEqual(object.body.templates);
  });

  it("hold the nine of the repository", async () => {
    const slugs = ["coding-agent", "golang", "nextjs", "nodejs", "postgres", "python", "react", "rust", "ubuntu"];
    const answers = await Promise.all(slugs.map((slug) => api<Template>("GET", `/api/v1/templates/${slug}`)));
    expect(answers.map((answer) => answer.body.id)).toEqual(slugs);
  });

  it("are found by category, tag and text; a percent sign is only a percent sign", async () => {
    const id = await newTemplate();
    const search = async (query: string) =>
      idsOf((await api<List>("GET", `/api/v1/templates/search?${query}`)).body.templates);
    expect(await search(`tags=tag-${id}, `)).toEqual([id]);
    expect(await search(`q=SHOWN ${id}&category=devops`)).toEqual([id]);
    expect(await search(`q=${id}&category=database`)).toEqual([]);
    expect(await search(`q=Shown%25${id}`)).toEqual([]);
  });

  it("hide the deprecated ones until they are asked for", async () => {
    const id = await newTemplate("deprecated");
    const listed = async (query: string) =>
      idsOf((await api<List>("GET", `/api/v1/templates?search=${id}${query}`)).body.templates);
    expect(await listed("")).toEqual([]);
    expect(await listed("&include_deprecated=true")).toEqual([id]);
    expect(await listed("&status=deprecated")).toEqual([id]);
    expect(await listed("&status=active&include_deprecated=true")).toEqual([]);
  });

  it("are counted by category and ordered by use", async () => {
    const id = await newTemplate();
    await db.execute(sql`update templates set usage_count = 1000000 where id = ${id}`);
    const popular = await api<List>("GET", "/api/v1/templates/popular?limit=1");
    expect(idsOf(popular.body.templates)).toEqual([id]);
    await db.execute(sql`update templates set usage_count = 0 where id = ${id}`);
    const { body } = await api<{ categories: { category: string; count: number }[] }>(
      "GET",
      "/api/v1/templates/categories",
    );
    expect(body.categories).toContainEqual({ category: "database", count: 1 });
  });

  it("count how often they were used", async () => {
    const { create, template } = await newWorld();
    await create();
    expect((await api<Template>("GET", `/api/v1/templates/${template}`)).body["usage_count"]).toBe(1);
  });

  it("are one by slug, alias or display name, and 404 otherwise", async () => {
    for (const name of ["python", "Python-3.11", "PYTHON"])
      expect((await api<Template>("GET", `/api/v1/templates/${name}`)).body.id).toBe("python");
    expect((await api<Problem>("GET", "/api/v1/templates/nothing")).status).toBe(404);
  });
});

describe("clusters", () => {
  interface Cluster {
    id: string;
    current_environments: number;
    used_resources: object;
    available_resources: object;
    active: boolean;
  }

  it("are told with what lives on them, in both shapes", async () => {
    const { create, cluster, person } = await newWorld();
    await create();
    const object = await api<{ clusters: Cluster[] }>("GET", "/api/v1/clusters", { token: person.token });
    const bare = await api<Cluster[]>("GET", "/api/v1/clusters/", { token: person.token });
    const mine = object.body.clusters.find((one) => one.id === cluster.id);
    expect(mine).toMatchObject({
      current_environments: 1,
      max_environments: 1000,
      used_resources: { cpu: 0.5, memory: 1, storage: 10 },
      available_resources: { cpu: 499.5, memory: 999, storage: 9990 },
      active: true,
      health_status: "unknown",
    });
    expect(bare.body.find((one) => one.id === cluster.id)).toEqual(mine);
    const one = await api<Cluster>("GET", `/api/v1/clusters/${cluster.id}`, { token: person.token });
    expect(one.body).toEqual(mine);
  });

  it("that are not theirs are not there", async () => {
    const { person } = await newWorld();
    const closed = await newCluster({ isShared: false });
    const ask = (id: string) => api<Problem>("GET", `/api/v1/clusters/${id}`, { token: person.token });
    const [foreign, unknown] = [await ask(closed.id), await ask("nowhere")];
    expect([foreign.status, unknown.status, foreign.body.detail]).toEqual([404, 404, unknown.body.detail]);
    expect((await api("GET", "/api/v1/clusters")).status).toBe(401);
  });
});
