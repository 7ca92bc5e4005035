/** The API's calls by name. Each throws `Failed`; the caller shows what `explain` says. */
import { type Client, parseAnswer, tokenAnswerSchema } from "./client.ts";
import {
  type Environment,
  environmentListSchema,
  environmentSchema,
  type Metrics,
  metricsSchema,
  type Template,
  templateListSchema,
  type User,
  userSchema,
} from "./model.ts";
import type { TokenStore } from "./tokens.ts";

export interface Registration {
  username: string;
  email: string;
  password: string;
}

export type EnvironmentAction = "start" | "stop" | "restart" | "recover";

export interface Calls {
  register(registration: Registration): Promise<void>;
  signIn(usernameOrEmail: string, password: string): Promise<void>;
  signOut(): Promise<void>;
  me(): Promise<User>;
  templates(): Promise<Template[]>;
  environments(): Promise<Environment[]>;
  environment(id: string): Promise<Environment>;
  create(name: string, templateId: string): Promise<Environment>;
  act(id: string, action: EnvironmentAction): Promise<void>;
  /** Stops the environment first when it runs. */
  remove(id: string): Promise<void>;
  metrics(id: string): Promise<Metrics>;
}

export function createCalls({ request }: Client, tokens: TokenStore): Calls {
  const get = (path: string) => request({ method: "GET", path });

  async function enter(path: string, body: unknown): Promise<void> {
    const answer = parseAnswer(tokenAnswerSchema, await request({ method: "POST", path, body, isPublic: true }));
    tokens.write({ access: answer.access_token, refresh: answer.refresh_token });
  }

  return {
    register: (registration) => enter("/auth/register", registration),
    signIn: (usernameOrEmail, password) => enter("/auth/login", { username_or_email: usernameOrEmail, password }),
    async signOut() {
      await request({ method: "POST", path: "/auth/logout", body: {} });
    },
    me: async () => parseAnswer(userSchema, await get("/auth/me")),
    templates: async () => parseAnswer(templateListSchema, await get("/templates?limit=100")).templates,
    environments: async () => parseAnswer(environmentListSchema, await get("/environments?limit=100")).environments,
    environment: async (id) => parseAnswer(environmentSchema, await get(`/environments/${id}`)),
    async create(name, templateId) {
      const body = { name, template: templateId };
      return parseAnswer(environmentSchema, await request({ method: "POST", path: "/environments", body }));
    },
    async act(id, action) {
      await request({ method: "POST", path: `/environments/${id}/${action}`, body: {} });
    },
    async remove(id) {
      await request({ method: "DELETE", path: `/environments/${id}?force=true` });
    },
    metrics: async (id) => parseAnswer(metricsSchema, await get(`/environments/${id}/metrics`)),
  };
}
