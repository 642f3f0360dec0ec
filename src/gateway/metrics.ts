import { type Counter, type Gauge, type Histogram, MetricRegistry } from "../protocol/index.js";
import type { Decision, Router } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";

/** Seconds; from a warm prefix on a small model to a long prompt on a busy one. */
const TTFT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds. */
const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const SHARE_BUCKETS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** What `/metrics` shows. */
export class GatewayMetrics {
  readonly #routers: readonly Router[];
  readonly #openRequests: () => number;
  readonly #registry = new MetricRegistry();
  readonly #requests: Counter;
  readonly #decisions: Counter;
  readonly #matchRate: Histogram;
  readonly #ttft: Histogram;
  readonly #duration: Histogram;
  readonly #inFlight: Gauge;
  readonly #queueLength: Gauge;
  readonly #treeChars: Gauge;

  constructor(routers: readonly Router[], openRequests: () => number) {
    this.#routers = routers;
    this.#openRequests = openRequests;
    const registry = this.#registry;
    this.#requests = registry.counter(
      "warmroute_requests_total",
      "Requests that have ended, by the last replica that was tried and by how they ended.",
      ["replica", "outcome"],
    );
    this.#decisions = registry.counter("warmroute_decisions_total", "Choices of a replica, by their reason.", [
      "policy",
      "reason",
    ]);
    this.#matchRate = registry.histogram(
      "warmroute_match_rate",
      "Matched share of the request's text, of each choice.",
      [],
      SHARE_BUCKETS,
    );
    this.#ttft = registry.histogram(
      "warmroute_time_to_first_token_seconds",
      "From arrival to the first bytes of a streamed answer.",
      [],
      TTFT_BUCKETS,
    );
    this.#duration = registry.histogram(
      "warmroute_request_duration_seconds",
      "From arrival to the end of a completed request.",
      [],
      DURATION_BUCKETS,
    );
    this.#inFlight = registry.gauge("warmroute_requests_in_flight", "Requests that have not ended.");
    this.#queueLength = registry.gauge("warmroute_replica_queue_length", "Requests of this gateway on a replica.", [
      "replica",
    ]);
    this.#treeChars = registry.gauge("warmroute_tree_chars", "Characters in the prefix tree that a replica owns.", [
      "replica",
    ]);
  }

  decided(decision: Decision): void {
    this.#decisions.inc({ policy: decision.policy, reason: decision.reason });
    this.#matchRate.observe({}, decision.matchRate);
  }

  ended(record: RequestRecord): void {
    this.#requests.inc({ replica: record.replica ?? "", outcome: record.outcome });
    if (record.streamed && record.ttftMs !== null) this.#ttft.observe({}, record.ttftMs / 1000);
    if (record.outcome === "completed") this.#duration.observe({}, record.totalMs / 1000);
  }

  /** In Prometheus' text format. */
  expose(): string {
    this.#inFlight.set({}, this.#openRequests());
    for (const router of this.#routers) {
      for (const { id, queueLength } of router.replicas) this.#queueLength.set({ replica: id }, queueLength);
      for (const [id, chars] of router.tree?.tenantToCharCount ?? []) this.#treeChars.set({ replica: id }, chars);
    }
    return this.#registry.expose();
  }
}
