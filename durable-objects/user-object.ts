/** The platform shell of one user: the register of the user's open sockets. */
import { DurableObject } from "cloudflare:workers";

export class UserObject extends DurableObject<Env> {}
