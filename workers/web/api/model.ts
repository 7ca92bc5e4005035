/** The shapes of the API's answers (contract.md sections 4-6), as far as the page reads them. */
import * as z from "zod/mini";
import { phases, roles, statuses } from "../../../durable-objects/protocol/vocabulary.ts";

/** What this server offers; a feature that is not named is not there. */
export const infoSchema = z.object({ features: z.object({ google_oauth: z._default(z.boolean(), false) }) });

/** Quantities as Kubernetes writes them: `500m`, `1Gi`, `10Gi`. */
const sizesSchema = z.object({ cpu: z.string(), memory: z.string(), storage: z.string() });
export type Sizes = z.infer<typeof sizesSchema>;

export const templateSchema = z.object({
  id: z.string(),
  display_name: z.string(),
  description: z.string(),
  category: z.string(),
  default_resources: sizesSchema,
});
export type Template = z.infer<typeof templateSchema>;
export const templateListSchema = z.object({ templates: z.array(templateSchema) });

export const environmentSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** What one is here; older servers know owners only. */
  role: z._default(z.enum(roles), "owner"),
  template_id: z.string(),
  template_name: z.nullish(z.string()),
  status: z.enum(statuses),
  phase: z.enum(phases),
  status_message: z.nullish(z.string()),
  /** When it stops by itself; null while that is not near. */
  auto_stop_at: z.nullish(z.string()),
  resource_limits: sizesSchema,
});
export type Environment = z.infer<typeof environmentSchema>;
export const environmentListSchema = z.object({ environments: z.array(environmentSchema) });

export const extendedSchema = z.object({ message: z.string() });
export const ticketSchema = z.object({ ticket: z.string() });

const reading = z.nullish(z.number());
export const metricsSchema = z.object({
  cpu_usage: reading,
  memory_usage: reading,
  storage_usage: reading,
  reason: z.nullish(z.string()),
});
export type Metrics = z.infer<typeof metricsSchema>;
