import { errorResponse, PROMETHEUS_CONTENT_TYPE, type PromptKind, RequestError } from "../protocol/index.js";
import { deliver, refuse, toNobody } from "./deliver.js";
import { Exchange } from "./exchange.js";
import { forward } from "./forward.js";
import { Hono } from "./hono.js";
import { readMessage } from "./message.js";
import { GatewayMetrics } from "./metrics.js";
import { listModels } from "./models.js";
import { type GatewayOptions, readOptions } from "./options.js";

/** A reverse proxy as a handler of requests. */
export interface Gateway {
  /** Answers a request. Never rejects: what fails is an answer too. */
  fetch(request: Request): Promise<Response>;
  /** From now on new work is refused with 503. Resolves when the last answer under way has ended. */
  drain(): Promise<void>;
}

/**
 * An OpenAI-compatible reverse proxy that sends each request to the replica that its router chooses.
 *
 * `POST /v1/completions` and `/v1/chat/completions` are routed: the body passes as it came, the answer as it comes. Besides:
 * `GET /v1/models` (those of all replicas), `/health` (200 as long as it lives) and `/metrics` (Prometheus). What is wrong
 * with a request is told in OpenAI's shape of errors, and no replica sees it.
 * @throws TypeError or RangeError for a bad option, and for a replica without a `url`.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const settings = readOptions(options);
  const metrics = new GatewayMetrics([...settings.routers.values()], () => open);
  let open = 0;
  let draining: Promise<void> | null = null;
  let onIdle = () => {};

  function begin(request: Request): Exchange {
    open++;
    return new Exchange(request, (record) => {
      open--;
      metrics.ended(record);
      try {
        settings.onRequestEnd(record);
      } catch (error) {
        console.error(error);
      }
      if (open === 0) onIdle();
    });
  }

  async function answerPrompt(request: Request, kind: PromptKind): Promise<Response> {
    const exchange = begin(request);
    try {
      if (draining !== null) return refuse(exchange, "draining", shuttingDown());
      const message = await readMessage(exchange, kind, settings.maxBodyBytes);
      return deliver(exchange, await forward(exchange, message, settings, metrics), settings.replicaHeader);
    } catch (error) {
      if (exchange.over) return toNobody();
      if (error instanceof RequestError) {
        return refuse(exchange, "bad_request", error.toResponse());
      }
      return refuse(exchange, "internal_error", failed(error));
    }
  }

  const app = new Hono();
  app.post("/v1/completions", ({ req }) => answerPrompt(req.raw, "completions"));
  app.post("/v1/chat/completions", ({ req }) => answerPrompt(req.raw, "chat"));
  app.get("/v1/models", ({ req }) => listModels(req.raw, settings));
  app.get("/health", () => Response.json({ status: "ok" }));
  app.get("/metrics", () => new Response(metrics.expose(), { headers: { "content-type": PROMETHEUS_CONTENT_TYPE } }));
  for (const [path, allow] of Object.entries(ALLOWED)) {
    app.all(path, ({ req }) => refuse(begin(req.raw), "bad_request", wrongMethod(req.method, path, allow)));
  }
  app.onError(failed);
  app.notFound(({ req }) => refuse(begin(req.raw), "bad_request", unknownPath(req.path)));

  return {
    async fetch(request) {
      return app.fetch(request);
    },
    drain() {
      draining ??= new Promise((resolve) => {
        onIdle = resolve;
        if (open === 0) resolve();
      });
      return draining;
    },
  };
}

/** The methods of each path, as the header `allow` names them. */
const ALLOWED = {
  "/v1/completions": "POST",
  "/v1/chat/completions": "POST",
  "/v1/models": "GET, HEAD",
  "/health": "GET, HEAD",
  "/metrics": "GET, HEAD",
};

function failed(error: unknown): Response {
  console.error(error);
  return errorResponse(500, "The gateway failed.", { type: "server_error", code: "internal_error" });
}

function wrongMethod(method: string, path: string, allow: string): Response {
  return errorResponse(405, `${method} is not a method of ${path}, which takes ${allow}.`, {
    code: "method_not_allowed",
    headers: { allow },
  });
}

function unknownPath(path: string): Response {
  return errorResponse(404, `There is nothing at ${path}.`, { code: "unknown_path" });
}

function shuttingDown(): Response {
  return errorResponse(503, "The gateway is shutting down.", {
    type: "overloaded_error",
    code: "draining",
    headers: { "retry-after": "1" },
  });
}
