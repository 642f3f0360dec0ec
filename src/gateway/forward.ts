import {
  type HttpAnswer,
  type Piece,
  type PieceSource,
  RequestError,
  replicaUrl,
  type Stop,
} from "../protocol/index.js";
import type { Lease } from "../routing/index.js";
import type { DecisionLog } from "./decisions.js";
import type { Exchange, RequestOutcome } from "./exchange.js";
import { FAILURES, type Failure, failureOf } from "./failures.js";
import type { Attempt, Fleet } from "./fleet.js";
import { retryAfterS, upstreamHeaders } from "./headers.js";
import type { Message } from "./message.js";
import type { GatewayMetrics } from "./metrics.js";
import { choose, turnedAway } from "./place.js";
import { REQUEST_ID } from "./request-id.js";
import type { Settings } from "./settings.js";
import type { Totals } from "./totals.js";
import { pause, TIMED_OUT, within } from "./wait.js";

/** What all exchanges share. */
export interface Ground {
  readonly settings: Settings;
  readonly metrics: GatewayMetrics;
  readonly decisions: DecisionLog;
  readonly totals: Totals;
}

/** A replica's answer on its way to the client, and the outcome of the exchange once it is delivered. */
export interface Answer {
  readonly response: HttpAnswer;
  /** Null for an answer without a body. */
  readonly reader: PieceSource | null;
  /** What was read of it already. */
  readonly first: Piece | null;
  readonly outcome: RequestOutcome;
  /** Of the replica's work on it. */
  readonly stop: Stop;
}

/** No replica's answer can be passed on: what the client is told instead. */
export interface Refusal {
  readonly outcome: RequestOutcome;
  readonly error: RequestError;
}

/**
 * Sends a message to replicas, one after another, until one answers it. A replica that cannot be reached, is silent for too long,
 * breaks off before the first byte or answers with one of `retries.statuses` loses the lease; another one is tried then, each at
 * most once, as long as tries and the fleet's budget last. If none does better, the last such answer is the result.
 */
export async function forward(
  exchange: Exchange,
  message: Message,
  fleet: Fleet,
  ground: Ground,
): Promise<Answer | Refusal> {
  const { retries, timeouts, random, timers } = ground.settings;
  const tried = new Set<string>();
  let body: Uint8Array<ArrayBuffer> | null = message.bytes;
  let rejected: Lease | null = null;
  let refused: Answer | null = null;
  let leftMs = timeouts.queueMs;
  fleet.budget.requested();
  for (;;) {
    let lease: Lease;
    const askedS = ground.settings.clock();
    try {
      const chosen = choose(exchange, message, fleet, ground.settings, tried, rejected, leftMs);
      lease = chosen instanceof Promise ? await chosen : chosen;
    } catch (error) {
      if (exchange.over || tried.size === 0) throw turnedAway(error, message, fleet);
      break;
    } finally {
      const tookS = ground.settings.clock() - askedS;
      leftMs = Math.max(0, leftMs - tookS * 1000);
      exchange.queueMs += tookS * 1000;
      ground.metrics.stage("queue", tookS);
    }
    if (exchange.over) {
      if (lease.live) lease.release();
      break;
    }
    const attempt = fleet.begin(lease);
    if (attempt === null) {
      lease.reject();
      rejected = lease;
      continue;
    }
    ground.metrics.decided(fleet.model, lease.decision);
    ground.totals.decided(fleet.model, lease.decision);
    ground.decisions.add(fleet.model, exchange, lease.decision);
    const stop = exchange.choose(lease, attempt);
    tried.add(lease.replica.id);
    const sentS = ground.settings.clock();
    const sent = await send(exchange, body, lease, stop, ground.settings);
    if (exchange.over) break;
    if (typeof sent !== "string") {
      // A later answer is the one to pass on; what was no answer is none.
      void refused?.reader?.cancel().catch(() => {});
      refused = null;
    }
    if (typeof sent !== "string" && !retries.statuses.includes(sent.response.status)) {
      ground.metrics.stage("upstream", ground.settings.clock() - sentS);
      attempt.answered();
      if (sent.response.status <= 299) lease.accept();
      else lease.reject();
      return sent;
    }
    lease.reject();
    rejected = lease;
    const why = typeof sent === "string" ? sent : sent.response.status;
    note(why, sent, attempt);
    exchange.gaveUp(why);
    ground.metrics.failed(fleet.model, lease.replica.id, why);
    if (typeof sent !== "string")
      refused = { ...sent, outcome: isFull(sent.response) ? "no_replica" : "replica_error" };
    if (body.byteLength > retries.maxBufferBytes) body = null;
    if (body === null || tried.size >= retries.maxTries || !others(fleet, tried)) break;
    if (!fleet.budget.take()) {
      ground.metrics.retrySpared(fleet.model);
      break;
    }
    ground.metrics.retried(fleet.model, String(why));
    if (tried.size >= 2) {
      const most = Math.min(retries.backoffMs * 2 ** (tried.size - 2), retries.backoffMaxMs);
      await pause(most * random(), timers, exchange.left);
      if (exchange.over) break;
    }
  }
  if (exchange.over) void refused?.reader?.cancel().catch(() => {});
  return refused ?? unreachable(exchange.failures as Failure[]);
}

/** The replica's answer with its first piece; or why there is none. */
async function send(
  exchange: Exchange,
  body: Uint8Array<ArrayBuffer>,
  lease: Lease,
  stop: Stop,
  settings: Settings,
): Promise<Answer | Failure> {
  const working = ask(exchange, body, lease, stop, settings);
  try {
    const sent = await within(settings.firstByteLimit, working, exchange.left);
    if (sent !== TIMED_OUT) return sent;
    abandon(stop);
    letGo(working);
    return "first_byte_timeout";
  } catch (error) {
    if (exchange.over) letGo(working);
    return failureOf(error);
  }
}

async function ask(
  exchange: Exchange,
  body: Uint8Array<ArrayBuffer>,
  { replica: { url, headers } }: Lease,
  stop: Stop,
  { upstream, forwardAuthorization, retries }: Settings,
): Promise<Answer | Failure> {
  const { request, target, requestId, trace } = exchange;
  const sent = upstreamHeaders(request.headers, headers, forwardAuthorization);
  sent.set(REQUEST_ID, requestId);
  const address = replicaUrl(url!, target);
  const call = () => upstream.send(address, { method: "POST", headers: sent, body, signal: stop });
  const response = await (trace === null ? call() : trace.send(sent, call));
  const reader = response.body?.getReader() ?? null;
  if (response.status < 200 || response.status > 599) {
    void reader?.cancel().catch(() => {});
    return "bad_answer";
  }
  const outcome = response.status < 400 ? "completed" : "replica_error";
  // An answer that another replica is asked for instead need not be waited for.
  const unread = reader === null || retries.statuses.includes(response.status);
  const first = unread ? null : (reader.takeReady?.() ?? (await reader.read()));
  return { response, reader, first, outcome, stop };
}

/** Ends a replica's work on an answer. */
export function abandon(stop: Stop): void {
  stop.abort(new DOMException("the answer is no longer wanted", "AbortError"));
}

/** An answer that comes after all, from a transport that ignores its signal, has nobody to read it. */
function letGo(working: Promise<Answer | Failure>): void {
  working.then((sent) => (typeof sent === "string" ? undefined : sent.reader?.cancel())).catch(() => {});
}

/** What a try that came to nothing tells of its replica. */
function note(why: Failure | number, sent: Answer | Failure, attempt: Attempt): void {
  if (typeof sent === "string") {
    attempt.failed(sent);
    return;
  }
  const restS = retryAfterS(sent.response.headers, Date.now());
  if (isFull(sent.response) && restS !== null) attempt.rested(restS);
  // A replica that has too much to do is not one that fails; nor is a client that was slow to send its fault.
  if (why === 408 || why === 429 || (why === 503 && restS !== null)) attempt.abandoned();
  else attempt.failed(why as number);
}

/** How a replica whose queue is full says so. */
function isFull({ status }: HttpAnswer): boolean {
  return status === 503 || status === 429;
}

function others(fleet: Fleet, tried: ReadonlySet<string>): boolean {
  return fleet.router.replicas.some(({ id }) => !tried.has(id) && !fleet.unavailable.has(id));
}

function unreachable(failures: readonly (Failure | number)[]): Refusal {
  const words = [...new Set(failures)].map((why) => (typeof why === "number" ? `status ${why}` : FAILURES[why]));
  const timedOut = failures.at(-1) === "first_byte_timeout";
  const tried = `${failures.length} tried: ${words.join("; ")}`;
  const error = timedOut
    ? new RequestError(504, `No replica answered in time (${tried}).`, {
        type: "upstream_error",
        code: "replica_timeout",
      })
    : new RequestError(502, `No replica could be reached (${tried}).`, {
        type: "upstream_error",
        code: "replica_unreachable",
      });
  return { outcome: timedOut ? "timed_out" : "unreachable", error };
}
