import {
  errorResponse,
  type HttpAnswer,
  type HttpRequest,
  PROMETHEUS_CONTENT_TYPE,
  RequestError,
  webRequest,
  webResponse,
} from "../protocol/index.js";
import { addAdmin } from "./admin/index.js";
import { type GatewayState, gatewayState } from "./admin/state.js";
import { Core } from "./core.js";
import { deliver, refuse, toNobody } from "./deliver.js";
import { ENDPOINTS, type Endpoint } from "./endpoints.js";
import { type Target, targetOf } from "./exchange.js";
import { forward } from "./forward.js";
import { headerBytes } from "./headers.js";
import { type GatewayHono, Hono } from "./hono.js";
import { unauthorized } from "./keys.js";
import { readMessage } from "./message.js";
import { listModels } from "./models.js";
import { renamed } from "./naming.js";
import type { GatewayOptions } from "./options.js";
import { TurnedAway } from "./place.js";

/** A reverse proxy as a handler of requests. */
export interface Gateway {
  /** Answers a request. Never rejects: what fails is an answer too. */
  fetch(request: Request): Promise<Response>;
  /** As `fetch`, without the web's objects: for a server that has requests and answers of its own, and makes thousands a second. */
  handle(request: HttpRequest): Promise<HttpAnswer>;
  /** From now on new work is refused with 503. Resolves when the last answer under way has ended. */
  drain(): Promise<void>;
  /** Ends health checks and polls. What is under way goes on; routers stay the caller's. */
  close(): void;
  /**
   * Changes options: those that are given, the others stay. Requests under way keep theirs. Replicas, keys and models that stay keep
   * what is known of them. Whether there is `router` or `models` cannot be changed.
   * @throws TypeError or RangeError for a bad option; nothing changes.
   */
  setOptions(changes: GatewayOptions): void;
  /** What `GET /admin/stats` tells, with the replicas. */
  readonly state: GatewayState;
}

/**
 * An OpenAI-compatible reverse proxy that sends each request to the replica that its router chooses.
 *
 * `POST` to `/v1/completions`, `/v1/chat/completions`, `/v1/responses`, `/v1/messages`, `/v1/embeddings`, `/v1/rerank`, `/tokenize` and
 * `/detokenize` is sent on: the body passes as it came, the answer as it comes. Besides: `GET /v1/models` (those of all replicas), `/health`
 * (200 as long as it lives), `/ready` (200 while some replica may be sent requests), `/metrics` (Prometheus) and, with a token, `/admin`.
 * What is wrong with a request is told in OpenAI's shape of errors, and no replica sees it.
 * @throws TypeError or RangeError for a bad option, and for a replica without a `url`.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const core = new Core(options);
  const app: GatewayHono = new Hono();
  app.get("/v1/models", ({ req }) =>
    guarded(core, req.raw, false, () => listModels(req.raw, core.fleets, core.settings)),
  );
  app.get("/health", () => Response.json({ status: "ok" }));
  app.get("/ready", () => ready(core));
  app.get("/metrics", ({ req }) =>
    guarded(core, req.raw, true, async () => {
      return new Response(core.metrics.expose(), { headers: { "content-type": PROMETHEUS_CONTENT_TYPE } });
    }),
  );
  addAdmin(app, core);
  for (const [path, allow] of ALLOWED) {
    app.all(path, ({ req: { method, path: asked }, env }) => {
      // By another spelling, as with a slash at the end.
      const error = method === allow ? unknownPath(asked) : wrongMethod(method, path, allow);
      return refuse(core.begin(env, null), "bad_request", error);
    });
  }
  app.onError(failed);
  app.notFound(({ req, env }) => refuse(core.begin(env, null), "bad_request", unknownPath(req.path)));

  const showPage = async (request: HttpRequest): Promise<HttpAnswer> => {
    let web: Request;
    try {
      web = webRequest(request);
    } catch {
      // A method that no Request has, as TRACE.
      return refuse(core.begin(request, null), "bad_request", unreadable());
    }
    return app.fetch(web, request);
  };
  const handle = (request: HttpRequest): Promise<HttpAnswer> => {
    if (request.method === "POST") {
      const target = targetOf(request.url);
      const endpoint = BY_PATH.get(target.path);
      if (endpoint !== undefined) return answerPrompt(core, request, target, endpoint);
    }
    return showPage(request);
  };
  return {
    handle,
    fetch: async (request) => webResponse(await handle(request)),
    drain: () => core.drain(),
    close: () => core.close(),
    setOptions: (changes) => core.setOptions(changes),
    get state() {
      return gatewayState(core);
    },
  };
}

const BY_PATH: ReadonlyMap<string, Endpoint> = new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]));

async function answerPrompt(core: Core, request: HttpRequest, target: Target, endpoint: Endpoint): Promise<HttpAnswer> {
  const exchange = core.begin(request, endpoint, target);
  const { settings } = core;
  try {
    if (core.draining) return refuse(exchange, "draining", shuttingDown());
    checkHeaders(request, settings.maxHeaderBytes);
    if (!core.keys.open) core.admit(exchange, await core.keys.keyOf(request.headers));
    const asked = await readMessage(exchange, endpoint.routedBy, settings.maxBodyBytes);
    core.metrics.stage("read", settings.clock() - exchange.startS);
    const fleet = core.fleetOf(exchange, asked.model);
    const message = fleet.naming === null ? asked : renamed(asked, fleet.model, fleet.naming);
    const answer = await forward(exchange, message, fleet, core);
    if (exchange.over) return "response" in answer ? deliver(exchange, answer, settings) : toNobody();
    return "response" in answer ? deliver(exchange, answer, settings) : refuse(exchange, answer.outcome, answer.error);
  } catch (error) {
    if (exchange.over) return toNobody();
    if (error instanceof TurnedAway) return refuse(exchange, error.outcome, error);
    if (error instanceof RequestError) return refuse(exchange, OUTCOMES[error.status] ?? "bad_request", error);
    console.error(error);
    return refuse(exchange, "internal_error", internal());
  }
}

/** Of what is refused before a replica is chosen. */
const OUTCOMES: Readonly<Record<number, "unauthorized" | "rate_limited">> = {
  401: "unauthorized",
  429: "rate_limited",
};

/**
 * For pages that a client with a key may see; those that tell hits, for the trusted ones and the admin only, since they would tell one
 * client what another has sent.
 */
async function guarded(
  core: Core,
  request: Request,
  tellsHits: boolean,
  page: () => Promise<Response>,
): Promise<Response> {
  try {
    if (!core.keys.open && !(await core.keys.isAdmin(request.headers))) {
      const key = await core.keys.keyOf(request.headers);
      if (tellsHits && key?.trusted !== true) {
        throw unauthorized("This is for trusted keys and the admin token.", "key_not_trusted");
      }
    }
    return await page();
  } catch (error) {
    if (error instanceof RequestError) return error.toResponse();
    throw error;
  }
}

function ready(core: Core): Response {
  if (!core.draining && core.fleets.some((fleet) => fleet.ready)) return Response.json({ status: "ready" });
  return errorResponse(503, core.draining ? "The gateway is shutting down." : "No replica can be sent requests now.", {
    type: "overloaded_error",
    code: core.draining ? "draining" : "no_replica",
    headers: { "retry-after": "1" },
  });
}

/** The methods of each path, as the header `allow` names them. */
const ALLOWED: readonly (readonly [path: string, allow: string])[] = [
  ...ENDPOINTS.map(({ path }) => [path, "POST"] as const),
  ...["/v1/models", "/health", "/ready", "/metrics"].map((path) => [path, "GET, HEAD"] as const),
];

function checkHeaders({ headers }: HttpRequest, maxHeaderBytes: number): void {
  const bytes = headerBytes(headers);
  if (bytes <= maxHeaderBytes) return;
  throw new RequestError(431, `The headers have ${bytes} bytes, and the limit is ${maxHeaderBytes}.`, {
    code: "headers_too_large",
  });
}

function failed(error: unknown): Response {
  console.error(error);
  return internal().toResponse();
}

function internal(): RequestError {
  return new RequestError(500, "The gateway failed.", { type: "server_error", code: "internal_error" });
}

function wrongMethod(method: string, path: string, allow: string): RequestError {
  return new RequestError(405, `${method} is not a method of ${path}, which takes ${allow}.`, {
    code: "method_not_allowed",
    headers: { allow },
  });
}

function unreadable(): RequestError {
  return new RequestError(400, "The request cannot be read.", { code: "bad_request" });
}

function unknownPath(path: string): RequestError {
  return new RequestError(404, `There is nothing at ${path}.`, { code: "unknown_path" });
}

function shuttingDown(): RequestError {
  return new RequestError(503, "The gateway is shutting down.", {
    type: "overloaded_error",
    code: "draining",
    headers: { "retry-after": "1" },
  });
}
