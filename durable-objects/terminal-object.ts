/** The platform shell of one terminal: sockets in, frames out; what to do is decided in terminal/. */
import { DurableObject } from "cloudflare:workers";

export class TerminalObject extends DurableObject<Env> {}
