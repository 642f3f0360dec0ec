import { percentile, ServingMeter } from "../../measure/index.js";
import { Random } from "../../random/index.js";
import type { Lease, PolicyOptions, ReplicaOptions, Router, RouterOptions } from "../../routing/index.js";
import { PrefixTree } from "../../tree/index.js";
import type { WorkloadRequest } from "../../workloads/index.js";
import { BLOCK_SIZE, Engine, type Sequence } from "../engine/index.js";
import { CacheBounds } from "./bounds.js";
import { type Client, makeClient } from "./client.js";
import { EventQueue } from "./event-queue.js";
import { Imbalance } from "./imbalance.js";
import { type AnsweredSimulation, type ClusterSettings, contextOf, type EngineTimes } from "./options.js";
import { oracle } from "./oracle.js";
import { ClusterProbe } from "./probe.js";
import type { ClusterResult, PredictionFigures } from "./result.js";
import { type ReplicaListener, SimulatedReplica } from "./simulated-replica.js";
import { ownTokens, type SimulatedRequest } from "./simulated-request.js";
import { type RouterListener, SimulatedRouter } from "./simulated-router.js";

/** Loads are compared so often. */
const SAMPLE_MS = 100;

/** Engines, routers and clients, and what is measured of them. */
export class Cluster implements ReplicaListener, RouterListener {
  readonly #settings: ClusterSettings;
  readonly #events = new EventQueue();
  readonly #replicas: readonly SimulatedReplica[];
  readonly #ids: readonly string[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #routers: readonly SimulatedRouter[];
  readonly #tree: PrefixTree | null;
  readonly #client: Client;
  readonly #toRouter: Random;
  readonly #onRequest: ((request: AnsweredSimulation) => void) | undefined;
  // What is measured.
  readonly #meter = new ServingMeter();
  readonly #imbalance = new Imbalance();
  readonly #bounds: CacheBounds;
  readonly #taken: number[];
  readonly #errors: number[] = [];
  #bias = 0;
  #hitTokens = 0;
  #reprefilled = 0;
  #evictions = 0;
  #sent = 0;
  #ended = 0;
  #refused = 0;
  #rejections = 0;

  /** @param rate of an open loop, requests a second. */
  constructor(settings: ClusterSettings, rate: number, onRequest?: (request: AnsweredSimulation) => void) {
    const { workload, client, profile, replicas, seed, maxOngoingRequests, streamBatchMs } = settings;
    this.#settings = settings;
    this.#onRequest = onRequest;
    const { enablePrefixCaching, enableChunkedPrefill } = settings;
    const limits = { maxOngoing: maxOngoingRequests, streamBatchMs };
    this.#ids = Array.from({ length: replicas }, (_, i) => `replica-${i}`);
    this.#indexOf = new Map(this.#ids.map((id, i) => [id, i]));
    this.#replicas = this.#ids.map((_, i) => {
      const engine = new Engine({ profile, enablePrefixCaching, enableChunkedPrefill });
      engine.pool.listener = { stored() {}, removed: () => this.#evictions++, cleared() {} };
      return new SimulatedReplica(i, engine, this.#events, this, limits);
    });
    this.#taken = this.#replicas.map(() => 0);
    this.#bounds = new CacheBounds(profile.blocks * replicas);
    this.#toRouter = new Random(seed + 3);
    this.#tree = settings.tree === "shared" && settings.routers > 1 ? sharedTree(settings.policyOptions) : null;
    this.#routers = Array.from({ length: settings.routers }, (_, i) => this.#makeRouter(i));
    this.#client = makeClient(client, rate, workload, seed, this.#events, (request) => this.#send(request));
  }

  /** Calls back with each router and its index. */
  eachRouter(call: (router: Router, index: number) => void): void {
    for (const [index, { router }] of this.#routers.entries()) call(router, index);
  }

  get ended(): number {
    return this.#ended;
  }

  get isOver(): boolean {
    return this.#ended === this.#settings.workload.size;
  }

  start(): void {
    this.#sample();
    if (this.#settings.loadReportMs > 0) this.#report();
    this.#client.start();
  }

  /** Runs the next event. */
  advance(): void {
    if (!this.#events.runNext()) throw new Error(`nothing is left to happen, but ${this.#ended} requests have ended`);
  }

  dispose(): void {
    for (const router of this.#routers) router.dispose();
    this.#tree?.[Symbol.dispose]();
  }

  /** Blocks of all that was sent and generated. */
  get differentBlocks(): number {
    return this.#bounds.differentBlocks;
  }

  result(): ClusterResult {
    const { workload, seed, replicas, routers, profile } = this.#settings;
    const serving = this.#meter.figures();
    const { infiniteHits, oneCacheHits } = this.#bounds;
    const ofPrompts = (tokens: number) => (serving.promptTokens === 0 ? 0 : tokens / serving.promptTokens);
    const shareOf = (bound: number) => (bound === 0 ? null : this.#hitTokens / bound);
    const taken = this.#taken.reduce((sum, count) => sum + count, 0);
    return {
      policy: this.#routers[0]!.router.policy,
      workload: workload.name,
      seed,
      replicas,
      routers,
      profile: profile.name,
      blocks: profile.blocks,
      refused: this.#refused,
      rejections: this.#rejections,
      serving,
      cache: {
        hitTokens: this.#hitTokens,
        hitRatio: ofPrompts(this.#hitTokens),
        infiniteHitRatio: ofPrompts(infiniteHits),
        oneCacheHitRatio: ofPrompts(oneCacheHits),
        shareOfInfinite: shareOf(infiniteHits),
        shareOfOneCache: shareOf(oneCacheHits),
        evictions: this.#evictions,
        reprefilledTokens: this.#reprefilled,
        preemptions: this.#replicas.reduce((sum, { engine }) => sum + engine.counters.preemptions, 0),
      },
      balance: {
        loadVariation: this.#imbalance.variation,
        hotSpot: taken === 0 ? 1 : (replicas * Math.max(...this.#taken)) / taken,
        requests: this.#taken,
      },
      prediction: this.#prediction(),
    };
  }

  // Of the routers.

  leased(request: SimulatedRequest, lease: Lease): void {
    const { decision } = lease;
    const replica = this.#replicas[this.#indexOf.get(decision.replica)!]!;
    const router = this.#routers[request.router]!;
    if (!replica.offer(request)) {
      this.#rejections++;
      router.call(() => lease.reject({ queueLength: replica.requests.size }));
      router.acquire(request, lease);
      return;
    }
    request.lease = lease;
    this.#taken[request.replica]!++;
    const { hitChosen, textChars } = decision;
    if (hitChosen !== null) {
      const { length } = request.tokens;
      const tokens = textChars === 0 ? 0 : Math.min((hitChosen / textChars) * length, length - 1);
      request.predictedTokens = Math.floor(tokens / BLOCK_SIZE) * BLOCK_SIZE;
    }
    router.call(() => lease.accept());
  }

  refused(request: SimulatedRequest): void {
    this.#refused++;
    this.#ended++;
    this.#client.ended(request.source);
  }

  // Of the replicas.

  arrived(request: SimulatedRequest): void {
    request.reusableTokens = this.#bounds.prompt(request.sequence!);
  }

  token(request: SimulatedRequest, outMs: number, first: boolean): void {
    if (!first) this.#meter.gap(outMs - request.lastMs);
  }

  firstToken(request: SimulatedRequest): void {
    this.#routers[request.router]!.call(() => request.lease!.firstToken());
  }

  answered(request: SimulatedRequest): void {
    const { source, sequence, lease, router, replica, sentMs, firstMs, lastMs, predictedTokens } = request;
    const { promptTokens, cachedTokens, generated: outputTokens } = sequence!;
    this.#meter.answered({ sentMs, firstMs, lastMs, promptTokens, outputTokens });
    this.#bounds.answered(sequence!);
    this.#hitTokens += cachedTokens;
    this.#reprefilled += Math.max(0, request.reusableTokens - cachedTokens);
    if (predictedTokens !== null) {
      this.#errors.push(Math.abs(predictedTokens - cachedTokens));
      this.#bias += predictedTokens - cachedTokens;
    }
    const { conversation, turn } = source;
    const times = { sentMs, firstMs, lastMs, promptTokens, outputTokens, cachedTokens, predictedTokens };
    this.#onRequest?.({ conversation, turn, router, replica, ...times, engine: engineTimes(sequence!) });
    this.#ended++;
    this.#routers[router]!.call(() => lease!.release({ cachedTokens, promptTokens, completionTokens: outputTokens }));
    this.#client.ended(source);
  }

  #send(source: WorkloadRequest): void {
    const { tokenizer, profile, routers } = this.#settings;
    const { prompt, answer, outputTokens, conversation, turn } = source;
    const tokens = tokenizer(prompt);
    const context = contextOf(profile);
    if (tokens.length === 0 || tokens.length + outputTokens > context) {
      throw new RangeError(
        `turn ${turn} of conversation ${conversation} of workload ${this.#settings.workload.name} has ${tokens.length} tokens ` +
          `and ${outputTokens} to generate; prompt and answer together must be at most ${context} (profile ${profile.name})`,
      );
    }
    const number = this.#sent++;
    const own = ownTokens(number);
    // Read together, since the prompt's last word may go on in the answer.
    const continued = answer === undefined ? null : tokenizer(prompt + answer);
    const router = routers === 1 ? 0 : this.#toRouter.below(routers);
    const request: SimulatedRequest = {
      number,
      source,
      tokens,
      outputToken: continued === null ? own : (index) => continued[tokens.length + index] ?? own(index),
      sentMs: this.#events.nowMs,
      router,
      replica: -1,
      lease: null,
      sequence: null,
      predictedTokens: null,
      reusableTokens: 0,
      firstMs: -1,
      lastMs: -1,
    };
    this.#routers[router]!.acquire(request);
  }

  #makeRouter(index: number): SimulatedRouter {
    const { policy, oracleCost, policyOptions, insertAt, matching, seed, maxOngoingRequests, tokenizer } =
      this.#settings;
    const replicas: ReplicaOptions[] = this.#ids.map((id) => ({ id, maxOngoingRequests }));
    const nowMs = () => this.#events.nowMs;
    const byId = new Map(this.#ids.map((id, i) => [id, this.#replicas[i]!]));
    const chosen = policy === "oracle" ? oracle(new ClusterProbe(byId, nowMs, tokenizer), oracleCost) : policy;
    const options = {
      ...policyOptions,
      policy: chosen,
      replicas,
      seed: seed + 101 * index,
      insertAt,
      matching,
      ...(this.#tree !== null && { tree: this.#tree }),
    } as RouterOptions;
    return new SimulatedRouter(options, this.#events, this);
  }

  #sample(): void {
    this.#imbalance.sample(this.#replicas.map(({ requests }) => requests.size));
    this.#events.at(this.#events.nowMs + SAMPLE_MS, "rest", () => this.#sample());
  }

  /** Each replica's load now, which the routers hear of later. */
  #report(): void {
    const { loadReportMs, loadReportAgeMs } = this.#settings;
    const { nowMs } = this.#events;
    this.#replicas.forEach(({ engine }, i) => {
      const { running, waiting, cacheUsage } = engine;
      this.#events.at(nowMs + loadReportAgeMs, "rest", () => {
        const report = { running, waiting, kvUsage: cacheUsage, at: nowMs / 1000 };
        for (const each of this.#routers) each.call(() => each.router.setLoad(this.#ids[i]!, report));
      });
    });
    this.#events.at(nowMs + loadReportMs, "rest", () => this.#report());
  }

  #prediction(): PredictionFigures | null {
    const requests = this.#errors.length;
    if (requests === 0) return null;
    const sorted = Float64Array.from(this.#errors).sort();
    return { requests, p50: percentile(sorted, 50), p95: percentile(sorted, 95), bias: this.#bias / requests };
  }
}

function engineTimes({ receivedMs, arrivedMs, scheduledMs, firstTokenMs, finishedMs }: Sequence): EngineTimes {
  return { receivedMs, arrivedMs, scheduledMs: scheduledMs!, firstTokenMs: firstTokenMs!, finishedMs: finishedMs! };
}

/** With the bounds that the policy's options give. */
function sharedTree({ maxBytes, maxChars, ttlSecs }: PolicyOptions): PrefixTree {
  return new PrefixTree({
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxChars !== undefined && Number.isFinite(maxChars) && { maxChars }),
    ...(ttlSecs !== undefined && Number.isFinite(ttlSecs) && { ttlSecs }),
  });
}
