/** The Worker's variables for this test run; `inject("variables")` from "vitest" gives them to a test. */
export type WorkerVariables = Record<
  | "ENVIRONMENT"
  | "DATABASE_URL"
  | "NEON_FETCH_ENDPOINT"
  | "NEON_WS_PROXY"
  | "UPSTASH_REDIS_REST_URL"
  | "UPSTASH_REDIS_REST_TOKEN"
  | "JWT_KEYS"
  | "ENVIRONMENT_KEYS"
  | "GOOGLE_CLIENT_ID"
  | "GOOGLE_CLIENT_SECRET"
  | "GOOGLE_AUDIENCES"
  | "GOOGLE_ISSUER"
  | "GOOGLE_JWKS_URL"
  | "GOOGLE_AUTHORIZATION_URL"
  | "GOOGLE_TOKEN_URL"
  | "APP_LINKS",
  string
>;

/** What services.ts tells whoever forked it. */
export interface TestServices {
  variables: WorkerVariables;
  /** Where to ask for the product that files share (shared-product.ts). */
  sharedProduct: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    variables: WorkerVariables;
    sharedProduct: string;
    /** How many cases the API's fuzzer tries, and from which seed; null = a new one each time. */
    fuzz: { cases: number; seed: number | null };
  }
}
