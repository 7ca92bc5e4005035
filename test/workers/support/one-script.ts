/** The Worker and the objects as one script, for tests inside workerd only: in production they are two. */
export * from "../../../durable-objects/index.ts";
export { default } from "../../../workers/index.ts";
