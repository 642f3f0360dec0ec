import { errorResponse, RequestError, replicaUrl } from "../protocol/index.js";
import { type Lease, NoReplicaError, type RouteRequest, type Router } from "../routing/index.js";
import type { Exchange, RequestOutcome } from "./exchange.js";
import { upstreamHeaders } from "./headers.js";
import type { Message } from "./message.js";
import type { GatewayMetrics } from "./metrics.js";
import type { Settings } from "./options.js";

/** An answer, the replica whose it is if it is not ours, and the outcome of the exchange once it is delivered. */
export interface Answer {
  readonly response: Response;
  readonly replica: string | null;
  readonly outcome: RequestOutcome;
}

/**
 * Sends a message to replicas, one after another, until one answers it. A replica that says that it is full, or that
 * fails before the head of an answer, loses the lease; another one is tried then, up to `maxTries`, each at most once.
 */
export async function forward(
  exchange: Exchange,
  message: Message,
  settings: Settings,
  metrics: GatewayMetrics,
): Promise<Answer> {
  const tried = new Set<string>();
  let refusal: Answer | null = null;
  while (tried.size < settings.retries.maxTries && !exchange.over) {
    const lease = choose(exchange, message, settings, tried);
    if (lease === null) break;
    exchange.choose(lease);
    metrics.decided(lease.decision);
    tried.add(lease.replica.id);
    const response = await send(exchange, message, lease, settings);
    if (response?.ok) lease.accept();
    else lease.reject();
    if (response === null) continue;
    void refusal?.response.body?.cancel().catch(() => {});
    const replica = lease.replica.id;
    if (!saysFull(response)) {
      return { response, replica, outcome: response.status < 400 ? "completed" : "replica_error" };
    }
    refusal = { response, replica, outcome: "no_replica" };
  }
  if (refusal !== null) return refusal;
  return tried.size === 0 ? noRoom() : unreachable(tried.size);
}

/** A lease on a replica that was not tried yet; null when none has room. */
function choose(exchange: Exchange, message: Message, settings: Settings, exclude: ReadonlySet<string>): Lease | null {
  try {
    const session = exchange.request.headers.get("x-session-id");
    return routerOf(message.body, settings).route(message.body, { exclude, ...(session !== null && { session }) });
  } catch (error) {
    if (error instanceof NoReplicaError) return null;
    throw error;
  }
}

/** @throws RequestError 404 for a model that is not served. */
function routerOf(body: RouteRequest, { routers }: Settings): Router {
  const { model } = body as { model?: unknown };
  const router = routers.get("") ?? routers.get(typeof model === "string" ? model : "");
  if (router !== undefined) return router;
  const names = [...routers.keys()].join(", ");
  throw new RequestError(404, `There is no model ${JSON.stringify(model) ?? "given"}; there are ${names}.`, {
    param: "model",
    code: "model_not_found",
  });
}

/** The replica's answer; null when it could not be reached or failed before the head of one. */
async function send(exchange: Exchange, message: Message, lease: Lease, settings: Settings): Promise<Response | null> {
  try {
    return await settings.upstreamFetch(replicaUrl(lease.replica.url!, exchange.target), {
      method: "POST",
      headers: upstreamHeaders(exchange.request.headers),
      body: message.bytes,
      redirect: "manual",
      signal: exchange.signal,
    });
  } catch {
    return null;
  }
}

/** How a replica whose queue is full says so. */
function saysFull(response: Response): boolean {
  return response.status === 503 || response.status === 429;
}

function noRoom(): Answer {
  const response = errorResponse(503, "No replica has room for this request now.", {
    type: "overloaded_error",
    code: "no_replica",
    headers: { "retry-after": "1" },
  });
  return { response, replica: null, outcome: "no_replica" };
}

function unreachable(tries: number): Answer {
  const response = errorResponse(502, `No replica could be reached (${tries} tried).`, {
    type: "upstream_error",
    code: "replica_unreachable",
  });
  return { response, replica: null, outcome: "unreachable" };
}
