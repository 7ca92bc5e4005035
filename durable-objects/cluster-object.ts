/** The platform shell of one cluster: its bridges' control links and the terminals that are wanted of them. */
import { DurableObject } from "cloudflare:workers";

export class ClusterObject extends DurableObject<Env> {}
