/**
 * The benchmark's Worker: the whole product, and beside it in the same isolate what its cost is compared with.
 * `/bench/*` is the benchmark's; everything else is the product's own entry. Never deployed.
 */
import product from "../../workers/support/one-script.ts";
import { bare, recorded } from "./bare.ts";
import { step, stepNames } from "./steps.ts";

export * from "../../workers/support/one-script.ts";

export default {
  ...product,
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (!pathname.startsWith("/bench/")) return product.fetch(request, env, context);
    const path = searchParams.get("path") ?? "";
    switch (pathname) {
      case "/bench/noop":
        return Response.json({ ok: true });
      case "/bench/spin":
        return spin(Number(searchParams.get("times")));
      case "/bench/queries":
        return recorded(request, path, env, context).then((queries) => Response.json(queries));
      case "/bench/bare":
        return bare(request, path, env, context);
      case "/bench/steps":
        return Response.json(stepNames(path));
      case "/bench/step":
        return step(request, path, Number(searchParams.get("number")), env, context);
      default:
        return new Response(null, { status: 404 });
    }
  },
};

/** Work by which the process of this isolate can be told from others by its use of the processor. */
function spin(times: number): Response {
  let sum = 0;
  for (let at = 0; at < times; at += 1) sum = (sum + at * at) % 1_000_003;
  return Response.json({ sum });
}
