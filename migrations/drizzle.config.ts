import { defineConfig } from "drizzle-kit";

/** `npm run db:generate` compares the store's schema with the newest snapshot and writes the next migration. */
export default defineConfig({
  dialect: "postgresql",
  schema: ["./workers/store/schema/*.ts"],
  out: "./migrations",
  dbCredentials: { url: process.env["DATABASE_URL"] ?? "" },
});
