/**
 * The product with an eye on its terminals, for what no client can see: how often an object was woken or made again, and
 * an end of one as a deploy brings it. `/bench/*` is the benchmark's. Never deployed.
 */
import { TerminalObject as Product } from "../../../durable-objects/terminal-object.ts";
import product from "../../workers/support/one-script.ts";

export * from "../../workers/support/one-script.ts";
export { BareRelay } from "./bare-relay.ts";

/** Of all terminals of this isolate, which outlives its objects. */
const seen = { made: 0, woken: 0 };

export class TerminalObject extends Product {
  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    seen.made += 1;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    seen.woken += 1;
    await super.webSocketMessage(socket, message);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    seen.woken += 1;
    await super.webSocketClose(socket, code);
  }

  /** Ends the object and every socket of it. */
  async reset(): Promise<void> {
    this.ctx.abort("reset by the benchmark");
  }
}

interface BenchEnv extends Env {
  BARE_RELAYS: DurableObjectNamespace;
}

export default {
  ...product,
  async fetch(request: Request, env: BenchEnv, context: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/bench/seen") return Response.json(seen);
    if (pathname === "/bench/relay") return await env.BARE_RELAYS.getByName("only").fetch(request);
    if (pathname === "/bench/reset") return await reset(env, searchParams.get("terminal") ?? "");
    return await product.fetch(request, env, context);
  },
};

async function reset(env: Env, terminal: string): Promise<Response> {
  const object = env.TERMINALS.getByName(terminal) as unknown as { reset(): Promise<void> };
  // The call ends with the object, and so by an error.
  const isEnded = await object.reset().then(
    () => false,
    () => true,
  );
  return Response.json({ is_ended: isEnded });
}
