/** Who answers what: exec, logs, metrics, reviews, discovery; everything else is a stored object. */

import type { Asked } from "../access/authorization.ts";
import type { RequestLog } from "../access/request-log.ts";
import type { ExecServer } from "../streams/exec-server.ts";
import type { LogServer } from "../streams/logs.ts";
import { review } from "./access-reviews.ts";
import { readBody, writeJson, writeText } from "./bodies.ts";
import { discover } from "./discovery.ts";
import type { MetricsServer } from "./metrics.ts";
import type { Resource } from "./resources.ts";
import type { Handlers } from "./server.ts";
import { badRequest, noSuchResource } from "./statuses.ts";
import { type Stored, serveStored } from "./verbs.ts";

export interface Routed extends Stored {
  exec: ExecServer;
  logs: LogServer;
  metrics: MetricsServer;
  requests: RequestLog;
  version: string;
}

export function routes(routed: Routed): Handlers {
  return {
    async serve(request, incoming, response) {
      const { resource, subresource, path, user } = request;
      if (resource?.group === "metrics.k8s.io") return routed.metrics.serve(request, response);
      if (resource?.plural === "selfsubjectaccessreviews")
        return writeJson(response, 201, review(user, await readBody(incoming)));
      if (path === "/metrics") return writeText(response, 200, routed.requests.exposition());
      if (resource === null || isDiscovery(request)) {
        const found = discover(path, routed.version, routed.metrics.state !== "not installed");
        if (found === null) throw noSuchResource();
        return typeof found === "string" ? writeText(response, 200, found) : writeJson(response, 200, found);
      }
      if (subresource === "log") return routed.logs.serve(request, response);
      if (subresource === "exec") throw badRequest("Upgrade request required");
      return serveStored(routed, { ...request, resource } satisfies Asked & { resource: Resource }, incoming, response);
    },
    async upgrade(request, incoming, socket, head) {
      if (request.resource?.plural !== "pods" || request.subresource !== "exec")
        throw badRequest("only exec is streamed");
      return routed.exec.upgrade(request, incoming, socket, head);
    },
  };
}

const isDiscovery = ({ path }: Asked) =>
  /^\/(api|apis|version)(\/v1|\/[^/]+(\/[^/]+)?)?$/.test(path) && !/^\/api\/v1\/.+/.test(path);
