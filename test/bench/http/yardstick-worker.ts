/**
 * The yardsticks: what a request and a query cost in this runtime with this driver, before anything of the product.
 * Belongs to the benchmark alone and is never deployed.
 */
import { neon, neonConfig } from "@neondatabase/serverless";

interface YardstickEnv {
  DATABASE_URL: string;
  NEON_FETCH_ENDPOINT: string;
}

export default {
  async fetch(request: Request, env: YardstickEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/noop") return Response.json({ ok: true });
    if (pathname === "/select") {
      neonConfig.fetchEndpoint = env.NEON_FETCH_ENDPOINT;
      return Response.json(await neon(env.DATABASE_URL)`select 1 as one`);
    }
    return new Response(null, { status: 404 });
  },
};
