/** The API's calls by name. Each throws `Failed`; the caller shows what `explain` says. */
import type { SocketKind } from "../../../durable-objects/protocol/vocabulary.ts";
import { type AccountCalls, createAccountCalls } from "./account-calls.ts";
import { type Client, parseAnswer } from "./client.ts";
import { createFileCalls, type FileCalls } from "./file-calls.ts";
import {
  type Environment,
  environmentListSchema,
  environmentSchema,
  extendedSchema,
  infoSchema,
  type Metrics,
  metricsSchema,
  type Template,
  templateListSchema,
  ticketSchema,
} from "./model.ts";
import { createShareCalls, type ShareCalls } from "./share-calls.ts";
import type { TokenStore } from "./tokens.ts";

export type EnvironmentAction = "start" | "stop" | "restart" | "recover";

export interface Calls extends AccountCalls, FileCalls, ShareCalls {
  /** Whether people can sign in with Google here. */
  offersGoogle(): Promise<boolean>;
  templates(): Promise<Template[]>;
  environments(): Promise<Environment[]>;
  environment(id: string): Promise<Environment>;
  create(name: string, templateId: string): Promise<Environment>;
  /** Opens one socket of this kind, once, within a minute. */
  ticket(environmentId: string, kind: SocketKind): Promise<string>;
  /** Puts off the stop that is announced. Answers in words whether that helps. */
  extend(id: string): Promise<string>;
  act(id: string, action: EnvironmentAction): Promise<void>;
  /** Stops the environment first when it runs. */
  remove(id: string): Promise<void>;
  metrics(id: string): Promise<Metrics>;
  /** Opens a window and selects it. */
  openWindow(id: string): Promise<void>;
  changeWindow(id: string, window: string, change: WindowChange): Promise<void>;
  closeWindow(id: string, window: string): Promise<void>;
}

/** What is left out stays. */
export interface WindowChange {
  name?: string;
  position?: number;
  is_active?: true;
}

export function createCalls(client: Client, tokens: TokenStore): Calls {
  const { request } = client;
  const get = (path: string) => request({ method: "GET", path });

  return {
    ...createAccountCalls(client, tokens),
    ...createFileCalls(client),
    ...createShareCalls(client),
    async offersGoogle() {
      const info = await request({ method: "GET", path: "/info", isPublic: true });
      return parseAnswer(infoSchema, info).features.google_oauth;
    },
    templates: async () => parseAnswer(templateListSchema, await get("/templates?limit=100")).templates,
    environments: async () => parseAnswer(environmentListSchema, await get("/environments?limit=100")).environments,
    environment: async (id) => parseAnswer(environmentSchema, await get(`/environments/${id}`)),
    async create(name, templateId) {
      const body = { name, template: templateId };
      return parseAnswer(environmentSchema, await request({ method: "POST", path: "/environments", body }));
    },
    async ticket(environment_id, kind) {
      const body = { environment_id, kind };
      return parseAnswer(ticketSchema, await request({ method: "POST", path: "/ws/tickets", body })).ticket;
    },
    async extend(id) {
      const answer = await request({ method: "POST", path: `/environments/${id}/extend`, body: {} });
      return parseAnswer(extendedSchema, answer).message;
    },
    async act(id, action) {
      await request({ method: "POST", path: `/environments/${id}/${action}`, body: {} });
    },
    async remove(id) {
      await request({ method: "DELETE", path: `/environments/${id}?force=true` });
    },
    metrics: async (id) => parseAnswer(metricsSchema, await get(`/environments/${id}/metrics`)),
    async openWindow(id) {
      await request({ method: "POST", path: `/environments/${id}/windows`, body: { is_active: true } });
    },
    async changeWindow(id, window, body) {
      await request({ method: "PATCH", path: `/environments/${id}/windows/${window}`, body });
    },
    async closeWindow(id, window) {
      await request({ method: "DELETE", path: `/environments/${id}/windows/${window}` });
    },
  };
}
