import { RequestError } from "../protocol/index.js";
import {
  type AcquireOptions,
  type Lease,
  NoReplicaError,
  QueueFullError,
  QueueTimeoutError,
  type Replica,
} from "../routing/index.js";
import type { Exchange, RequestOutcome } from "./exchange.js";
import type { Fleet } from "./fleet.js";
import type { Message } from "./message.js";
import type { Settings } from "./settings.js";

/**
 * A lease on a replica that may be sent requests and was not tried yet. While every such replica is full the request waits.
 * Those that have asked to be left alone (`Retry-After`) are chosen only when there is no other.
 * @returns a promise only where it has to wait.
 * @throws what `Router.acquire` throws.
 */
export function choose(
  exchange: Exchange,
  message: Message,
  fleet: Fleet,
  settings: Settings,
  tried: ReadonlySet<string>,
  rejected: Lease | null,
  timeoutMs: number,
): Lease | Promise<Lease> {
  const session = exchange.request.headers.get("x-session-id");
  const apiKey = exchange.key?.namespace;
  const exclude = excludedBy(exchange, message, fleet, settings, tried);
  const options: AcquireOptions = {
    // The router uses no more of one than this has.
    signal: exchange.left as AbortSignal,
    timeoutMs,
    explain: settings.adminTokenSha256 !== null,
  };
  if (session !== null) options.session = session;
  if (apiKey !== undefined) options.apiKey = apiKey;
  const { resting } = fleet;
  const first: AcquireOptions = rejected === null ? options : { ...options, retryOf: rejected };
  if (resting.length === 0) {
    // The router is quicker where nobody is excluded.
    if (exclude.size > 0) first.exclude = exclude;
    return fleet.router.acquireSoon(message.body, first);
  }
  const { router } = fleet;
  return router
    .acquire(message.body, { ...first, exclude: new Set([...exclude, ...resting]) })
    .catch((error: unknown) => {
      if (!(error instanceof NoReplicaError)) throw error;
      return router.acquire(message.body, { ...options, exclude });
    });
}

/** Requests that are not routed by a text go where the least is to do. */
function excludedBy(
  { endpoint }: Exchange,
  { model }: Message,
  fleet: Fleet,
  { clock, random }: Settings,
  tried: ReadonlySet<string>,
): ReadonlySet<string> {
  const exclude = fleet.excluding(tried);
  if (endpoint?.routedBy !== "load") return exclude;
  const { replicas } = fleet.router;
  const nowS = clock();
  let least: Replica[] = [];
  let leastLoad = Number.POSITIVE_INFINITY;
  for (const replica of replicas) {
    if (!replica.hasRoom || exclude.has(replica.id) || !serves(replica, model)) continue;
    const load = replica.load(nowS);
    if (load < leastLoad) least = [];
    if (load <= leastLoad) least.push(replica);
    leastLoad = Math.min(load, leastLoad);
  }
  if (least.length === 0) return exclude;
  const chosen = least[Math.floor(random() * least.length)]!;
  return new Set(replicas.filter((replica) => replica !== chosen).map(({ id }) => id));
}

function serves({ model: served }: Replica, model: string | undefined): boolean {
  if (served === undefined || model === undefined) return true;
  return typeof served === "string" ? served === model : served.includes(model);
}

/** No replica could be chosen: with the outcome of the exchange. */
export class TurnedAway extends RequestError {
  readonly outcome: RequestOutcome;

  constructor(
    outcome: RequestOutcome,
    status: number,
    message: string,
    details: ConstructorParameters<typeof RequestError>[2],
  ) {
    super(status, message, details);
    this.outcome = outcome;
  }
}

/** What the client is told of what `Router.acquire` threw; anything else stays as it is. */
export function turnedAway(error: unknown, { model }: Message, fleet: Fleet): unknown {
  const overloaded = (outcome: RequestOutcome, status: number, code: string, message: string, waitS = 1) =>
    new TurnedAway(outcome, status, message, {
      type: status === 429 ? "rate_limit_error" : "overloaded_error",
      code,
      headers: { "retry-after": String(Math.max(1, Math.ceil(waitS))) },
    });
  if (error instanceof QueueFullError) {
    const { waiting, maxQueuedRequests, replicas } = error;
    const message = `The queue is full: ${waiting} requests wait for ${replicas} replicas, and ${maxQueuedRequests} may.`;
    return overloaded("queue_full", 429, "queue_full", message);
  }
  if (error instanceof QueueTimeoutError) {
    const { full, replicas, waiting, ahead } = error;
    const message =
      `No replica had room in time: ${full} of ${replicas} are full, ${waiting} requests wait, ` +
      `${ahead} of them before this one.`;
    return overloaded("queue_timeout", 503, "queue_timeout", message);
  }
  if (!(error instanceof NoReplicaError)) return error;
  const { replicas } = fleet.router;
  if (model !== undefined && replicas.length > 0 && replicas.every((replica) => !serves(replica, model))) {
    return unknownModel(model, [...new Set(replicas.flatMap(({ model: served }) => served ?? []))]);
  }
  const { unavailable } = fleet;
  const message = `No replica can be sent this request now: ${unavailable.size} of ${replicas.length} are left alone.`;
  return overloaded("no_replica", 503, "no_replica", message, fleet.nextTryS ?? 1);
}

export function unknownModel(model: string | undefined, served: readonly string[]): RequestError {
  const there = served.length === 0 ? "there is none" : `there are ${served.join(", ")}`;
  const message =
    model === undefined
      ? `The request names no model; ${there}.`
      : `There is no model ${JSON.stringify(shortened(model))}; ${there}.`;
  return new RequestError(404, message, { param: "model", code: "model_not_found" });
}

/** A model is a name, not a text to send back. */
function shortened(name: string): string {
  return name.length <= 100 ? name : `${name.slice(0, 100)}…`;
}
