import { type Counter, type Gauge, type Histogram, MetricRegistry } from "../protocol/index.js";
import type { Decision } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";
import type { Failure } from "./failures.js";
import type { Fleet, FleetListener, ForgetCause } from "./fleet.js";

/** Seconds; from a warm prefix on a small model to a long prompt on a busy one. */
const TTFT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds. */
const ITL_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Seconds. */
const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Seconds; a decision takes microseconds, a wait for a place may take half a minute. */
const STAGE_BUCKETS = [0.00001, 0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];
const SHARE_BUCKETS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** Where a request's time goes before its first byte. */
export type Stage = "read" | "queue" | "upstream";

const BREAKER_NUMBERS = { closed: 0, half_open: 1, open: 2 } as const;
const CONDITIONS = ["healthy", "unhealthy", "ejected", "draining"] as const;

/** What `/metrics` shows. Series of replicas that are gone are gone too. */
export class GatewayMetrics implements FleetListener {
  readonly #fleets: () => Iterable<Fleet>;
  readonly #clock: () => number;
  readonly #openRequests: () => number;
  readonly #byModel: boolean;
  readonly #registry = new MetricRegistry();
  readonly #requests: Counter;
  readonly #decisions: Counter;
  readonly #retries: Counter;
  readonly #retriesSpared: Counter;
  readonly #failures: Counter;
  readonly #ejections: Counter;
  readonly #forgotten: Counter;
  readonly #polls: Counter;
  readonly #limited: Counter;
  readonly #matchRate: Histogram;
  readonly #ttft: Histogram;
  readonly #itl: Histogram;
  readonly #duration: Histogram;
  readonly #stages: Histogram;
  readonly #textChars: Counter;
  readonly #hits: Readonly<Record<"available" | "chosen" | "delivered", Counter>>;
  readonly #promptTokens: Counter;
  readonly #predictedTokens: Counter;
  readonly #reportedTokens: Counter;
  readonly #gauges: FleetGauges;
  readonly #inFlight: Gauge;

  /** @param byModel whether series are told apart by model: where there is one router, there is none to tell. */
  constructor(fleets: () => Iterable<Fleet>, openRequests: () => number, clock: () => number, byModel: boolean) {
    this.#byModel = byModel;
    this.#fleets = fleets;
    this.#openRequests = openRequests;
    this.#clock = clock;
    const registry = this.#registry;
    const counter = (name: string, help: string, labels: string[]) =>
      registry.counter(`warmroute_${name}_total`, help, labelsOf(labels, byModel));
    const histogram = (name: string, help: string, labels: string[], buckets: number[]) =>
      registry.histogram(`warmroute_${name}`, help, labels, buckets);
    this.#requests = counter("requests", "Requests that have ended, by the last replica that was tried and by how.", [
      "model",
      "replica",
      "outcome",
    ]);
    this.#decisions = counter("decisions", "Choices of a replica, by their reason.", ["policy", "reason"]);
    this.#retries = counter("retries", "Requests sent to another replica, by what the last one did.", [
      "model",
      "cause",
    ]);
    this.#retriesSpared = counter("retries_over_budget", "Retries that were not made, since too many had been.", [
      "model",
    ]);
    this.#failures = counter("upstream_failures", "Sends that gave no whole answer, by why.", [
      "model",
      "replica",
      "cause",
    ]);
    this.#ejections = counter("ejections", "Times that a replica's breaker has opened.", ["model", "replica"]);
    this.#forgotten = counter("forgotten", "Times that a replica's texts were forgotten, by why.", [
      "model",
      "replica",
      "cause",
    ]);
    this.#polls = counter("polls", "Active checks of replicas.", ["model", "replica", "poll", "result"]);
    this.#limited = counter("rate_limited", "Requests refused for their key's limits.", ["key"]);
    this.#matchRate = histogram(
      "match_rate",
      "Matched share of the request's text, of each choice.",
      [],
      SHARE_BUCKETS,
    );
    const seconds = (name: string, help: string, labels: string[], buckets: number[]) =>
      histogram(`${name}_seconds`, help, labels, buckets);
    this.#ttft = seconds(
      "time_to_first_token",
      "From arrival to the first bytes of a streamed answer.",
      [],
      TTFT_BUCKETS,
    );
    this.#itl = seconds("inter_token_latency", "Between two pieces of a streamed answer.", [], ITL_BUCKETS);
    this.#duration = seconds(
      "request_duration",
      "From arrival to the end of a completed request.",
      [],
      DURATION_BUCKETS,
    );
    this.#stages = seconds(
      "stage",
      "Before the answer: reading the request, waiting and choosing, the replica's first byte.",
      ["stage"],
      STAGE_BUCKETS,
    );
    this.#textChars = counter("text_chars", "Characters of the texts that were routed by a tree.", ["model"]);
    this.#hits = {
      available: counter("hit_available_chars", "Characters of them that some candidate had been sent.", ["model"]),
      chosen: counter("hit_chosen_chars", "Characters of them that the chosen replica had been sent.", ["model"]),
      delivered: counter(
        "hit_delivered_chars",
        "Characters of them that the replica had in its cache, by its own report.",
        ["model"],
      ),
    };
    this.#promptTokens = counter("prompt_tokens", "Prompt tokens of answers that tell cached ones.", [
      "model",
      "replica",
    ]);
    this.#predictedTokens = counter("predicted_cached_tokens", "Of these, those that the tree predicts as cached.", [
      "model",
      "replica",
    ]);
    this.#reportedTokens = counter("reported_cached_tokens", "Of these, those that the replica reports as cached.", [
      "model",
      "replica",
    ]);
    this.#inFlight = registry.gauge("warmroute_requests_in_flight", "Requests that have not ended.");
    this.#gauges = new FleetGauges(registry, byModel);
  }

  decided(model: string, decision: Decision): void {
    this.#decisions.inc({ policy: decision.policy, reason: decision.reason });
    this.#matchRate.observe({}, decision.matchRate);
    const { hitAvailable, hitChosen, textChars } = decision;
    if (hitAvailable === null || hitChosen === null) return;
    this.#textChars.inc({ model }, textChars);
    this.#hits.available.inc({ model }, hitAvailable);
    this.#hits.chosen.inc({ model }, hitChosen);
  }

  stage(stage: Stage, seconds: number): void {
    this.#stages.observe({ stage }, Math.max(0, seconds));
  }

  piece(secondsSinceLast: number): void {
    this.#itl.observe({}, Math.max(0, secondsSinceLast));
  }

  ended(record: RequestRecord): void {
    const { model, replica, outcome, key } = record;
    this.#requests.inc({ model: model ?? "", replica: replica ?? "", outcome });
    if (record.streamed && record.ttftMs !== null) this.#ttft.observe({}, record.ttftMs / 1000);
    if (outcome === "completed") this.#duration.observe({}, record.totalMs / 1000);
    if (outcome === "rate_limited") this.#limited.inc({ key: key ?? "" });
  }

  /** What an answer says of the replica's cache, beside what the tree said. */
  reported(
    model: string,
    replica: string,
    tokens: { prompt: number; predicted: number; cached: number },
    delivered: number,
  ): void {
    const { prompt, predicted, cached } = tokens;
    this.#promptTokens.inc({ model, replica }, prompt);
    this.#predictedTokens.inc({ model, replica }, predicted);
    this.#reportedTokens.inc({ model, replica }, cached);
    this.#hits.delivered.inc({ model }, delivered);
  }

  retried(model: string, cause: string): void {
    this.#retries.inc({ model, cause });
  }

  retrySpared(model: string): void {
    this.#retriesSpared.inc({ model });
  }

  failed(model: string, replica: string, cause: Failure | number): void {
    this.#failures.inc({ model, replica, cause: String(cause) });
  }

  polled(poll: "health" | "load", model: string, replica: string, well: boolean): void {
    this.#polls.inc({ model, replica, poll, result: well ? "ok" : "failed" });
  }

  forgot(model: string, replica: string, cause: ForgetCause): void {
    this.#forgotten.inc({ model, replica, cause });
  }

  ejected(model: string, replica: string): void {
    this.#ejections.inc({ model, replica });
  }

  left(model: string, replica: string): void {
    this.#registry.drop(this.#byModel ? { model, replica } : { replica });
  }

  /** The model is no longer served. */
  gone(model: string): void {
    if (this.#byModel) this.#registry.drop({ model });
  }

  /** In Prometheus' text format. */
  expose(): string {
    this.#inFlight.set({}, this.#openRequests());
    const nowS = this.#clock();
    for (const fleet of this.#fleets()) this.#gauges.set(fleet, nowS);
    return this.#registry.expose();
  }
}

/** What is read from a fleet when it is asked for. */
class FleetGauges {
  readonly #queued: Gauge;
  readonly #queueLength: Gauge;
  readonly #running: Gauge;
  readonly #waiting: Gauge;
  readonly #kvUsage: Gauge;
  readonly #breaker: Gauge;
  readonly #condition: Gauge;
  readonly #treeChars: Gauge;
  readonly #treeBytes: Gauge;
  readonly #treeMaxBytes: Gauge;
  readonly #treeNodes: Gauge;
  readonly #evictions: Counter;
  readonly #evictedChars: Counter;
  /** By model and cause: how much of a tree's own counts is in the counters. */
  readonly #counted = new Map<string, number>();

  constructor(registry: MetricRegistry, byModel: boolean) {
    const gauge = (name: string, help: string, labels: string[]) =>
      registry.gauge(`warmroute_${name}`, help, labelsOf(labels, byModel));
    const counter = (name: string, help: string, labels: string[]) =>
      registry.counter(`warmroute_${name}_total`, help, labelsOf(labels, byModel));
    const ofReplica = (name: string, help: string) => gauge(`replica_${name}`, help, ["model", "replica"]);
    const ofModel = (name: string, help: string) => gauge(name, help, ["model"]);
    this.#queued = ofModel("requests_queued", "Requests that wait for a place.");
    this.#queueLength = ofReplica("queue_length", "Requests of this gateway on a replica.");
    this.#running = ofReplica("running", "Requests that a replica works on, by its last report.");
    this.#waiting = ofReplica("waiting", "Requests that wait in a replica, by its last report.");
    this.#kvUsage = ofReplica("kv_usage_ratio", "Share of a replica's KV cache in use, by its last report.");
    this.#breaker = ofReplica("breaker_state", "0: closed, 1: half open, 2: open.");
    this.#condition = gauge("replica_state", "1 for the state that a replica is in.", ["model", "replica", "state"]);
    this.#treeChars = gauge("tree_chars", "Characters in the prefix tree that a replica owns.", ["model", "replica"]);
    this.#treeBytes = ofModel("tree_bytes", "Bytes of the tree's memory.");
    this.#treeMaxBytes = ofModel("tree_max_bytes", "Bytes that it never goes beyond.");
    this.#treeNodes = ofModel("tree_nodes", "Nodes of the tree.");
    this.#evictions = counter("tree_evictions", "Evictions from the tree.", ["model", "cause"]);
    this.#evictedChars = counter("tree_evicted_chars", "Characters evicted from the tree.", ["model", "cause"]);
  }

  set({ model, router, members }: Fleet, nowS: number): void {
    this.#queued.set({ model }, router.waiting);
    for (const replica of router.replicas) this.#queueLength.set({ model, replica: replica.id }, replica.queueLength);
    for (const member of members) {
      const labels = { model, replica: member.id };
      const now = member.condition(nowS);
      for (const state of CONDITIONS) this.#condition.set({ ...labels, state }, state === now ? 1 : 0);
      this.#breaker.set(labels, BREAKER_NUMBERS[member.breaker?.state(nowS) ?? "closed"]);
      const load = member.load;
      if (load === undefined) continue;
      // A server that does not answer is not an idle one.
      this.#running.set(labels, load?.running ?? Number.NaN);
      this.#waiting.set(labels, load?.waiting ?? Number.NaN);
      this.#kvUsage.set(labels, load?.kvUsage ?? Number.NaN);
    }
    this.#setTree(model, router.tree);
  }

  #setTree(model: string, tree: Fleet["router"]["tree"]): void {
    if (tree === null) return;
    const stats = tree.stats();
    for (const [replica, chars] of tree.tenantToCharCount) this.#treeChars.set({ model, replica }, chars);
    this.#treeBytes.set({ model }, stats.memoryBytes);
    this.#treeMaxBytes.set({ model }, stats.maxBytes);
    this.#treeNodes.set({ model }, stats.nodes);
    this.#count(this.#evictions, model, "pressure", stats.pressureEvictions);
    this.#count(this.#evictions, model, "expiry", stats.expiryEvictions);
    this.#count(this.#evictedChars, model, "pressure", stats.pressureEvictedChars);
    this.#count(this.#evictedChars, model, "expiry", stats.expiryEvictedChars);
  }

  #count(counter: Counter, model: string, cause: string, total: number): void {
    const name = JSON.stringify([counter === this.#evictions, model, cause]);
    counter.inc({ model, cause }, Math.max(0, total - (this.#counted.get(name) ?? 0)));
    this.#counted.set(name, total);
  }
}

function labelsOf(labels: readonly string[], byModel: boolean): readonly string[] {
  return byModel ? labels : labels.filter((label) => label !== "model");
}
