import type { ServingFigures } from "../../measure/index.js";
import { Random } from "../../random/index.js";
import {
  type Lease,
  NoReplicaError,
  QueueFullError,
  QueueTimeoutError,
  type ReplicaOptions,
  type Router,
  type RouterOptions,
} from "../../routing/index.js";
import type { PrefixTree } from "../../tree/index.js";
import type { WorkloadRequest } from "../../workloads/index.js";
import { BLOCK_SIZE, Engine } from "../engine/index.js";
import { CacheBounds } from "./bounds.js";
import { type Client, makeClient } from "./client.js";
import { EventQueue } from "./event-queue.js";
import { type ClusterOptions, type ClusterSettings, contextOf, type SimulatedScrape } from "./options.js";
import { oracle } from "./oracle.js";
import { ClusterProbe } from "./probe.js";
import type { ClusterResult } from "./result.js";
import { RunFigures } from "./run-figures.js";
import { sharedTree } from "./shared-tree.js";
import { type ReplicaListener, SimulatedReplica } from "./simulated-replica.js";
import { engineTimes, ownTokens, type SimulatedRequest } from "./simulated-request.js";
import { type RouterListener, SimulatedRouter } from "./simulated-router.js";

/** Who is told of what happens. */
export type ClusterWatchers = Pick<ClusterOptions, "onRequest" | "onScrape">;

/** Why a request is refused that found no place. */
const NO_PLACE = [NoReplicaError, QueueFullError, QueueTimeoutError];

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
  readonly #toRouter: Random;
  readonly #rate: number;
  readonly #watchers: ClusterWatchers;
  readonly #bounds: CacheBounds;
  #figures: RunFigures;
  #client: Client;
  #sent = 0;
  /** Whether what is sent now is the warm-up. */
  #warming: boolean;

  /** @param rate of an open loop, requests a second. */
  constructor(settings: ClusterSettings, rate: number, watchers: ClusterWatchers) {
    const { profile, replicas, seed, maxOngoingRequests, streamBatchMs } = settings;
    this.#settings = settings;
    this.#rate = rate;
    this.#watchers = watchers;
    this.#warming = settings.warmup;
    const { enablePrefixCaching, enableChunkedPrefill } = settings;
    const limits = { maxOngoing: maxOngoingRequests, streamBatchMs, tellsMetrics: watchers.onScrape !== undefined };
    this.#ids = Array.from({ length: replicas }, (_, i) => `replica-${i}`);
    this.#indexOf = new Map(this.#ids.map((id, i) => [id, i]));
    this.#replicas = this.#ids.map((_, i) => {
      const engine = new Engine({ profile, enablePrefixCaching, enableChunkedPrefill });
      engine.pool.listener = { stored() {}, removed: () => this.#figures.evictions++, cleared() {} };
      return new SimulatedReplica(i, engine, this.#events, this, limits);
    });
    this.#bounds = new CacheBounds(profile.blocks * replicas);
    this.#figures = new RunFigures(0, replicas, this.#bounds, 0);
    this.#toRouter = new Random(seed + 3);
    this.#tree = settings.tree === "shared" && settings.routers > 1 ? sharedTree(settings.policyOptions) : null;
    this.#routers = Array.from({ length: settings.routers }, (_, i) => this.#makeRouter(i));
    this.#client = this.#makeClient();
  }

  /** Calls back with each router and its index. */
  eachRouter(call: (router: Router, index: number) => void): void {
    for (const [index, { router }] of this.#routers.entries()) call(router, index);
  }

  get ended(): number {
    return this.#figures.ended;
  }

  get isOver(): boolean {
    return this.#figures.ended === this.#settings.workload.size;
  }

  start(): void {
    this.#sample();
    if (this.#settings.loadReportMs > 0) this.#report();
    if (this.#settings.scrapeMs > 0 && this.#watchers.onScrape !== undefined) this.#scrapeAgain();
    if (!this.#warming) this.#scrape("begin");
    this.#client.start();
  }

  /** The warm-up is over: sends the workload again. Returns what came of the first time. */
  startAgain(): ServingFigures {
    const { serving } = this.#figures;
    this.#warming = false;
    this.#figures = new RunFigures(this.#events.nowMs, this.#replicas.length, this.#bounds, this.#preemptions);
    this.#client = this.#makeClient();
    this.#scrape("begin");
    this.#client.start();
    return serving;
  }

  /** The run is over. */
  end(): void {
    this.#scrape("end");
  }

  /** Runs the next event. */
  advance(): void {
    if (!this.#events.runNext()) throw new Error(`nothing is left to happen, but ${this.ended} requests have ended`);
  }

  dispose(): void {
    for (const router of this.#routers) router.dispose();
    this.#tree?.[Symbol.dispose]();
  }

  /** Blocks of all that was sent and generated. */
  get differentBlocks(): number {
    return this.#bounds.differentBlocks;
  }

  result(warmup: ServingFigures | null): ClusterResult {
    const { workload, seed, replicas, routers, profile } = this.#settings;
    return {
      policy: this.#routers[0]!.router.policy,
      workload: workload.name,
      seed,
      replicas,
      routers,
      profile: profile.name,
      blocks: profile.blocks,
      ...this.#figures.result(this.#preemptions),
      warmup,
    };
  }

  // Of the routers.

  leased(request: SimulatedRequest, lease: Lease): void {
    const { decision } = lease;
    const replica = this.#replicas[this.#indexOf.get(decision.replica)!]!;
    const router = this.#routers[request.router]!;
    if (!replica.offer(request)) {
      this.#figures.rejections++;
      router.call(() => lease.reject({ queueLength: replica.requests.size }));
      router.acquire(request, lease);
      return;
    }
    request.lease = lease;
    this.#figures.taken[request.replica]!++;
    const { hitChosen, textChars } = decision;
    if (hitChosen !== null) {
      const { length } = request.tokens;
      const tokens = textChars === 0 ? 0 : Math.min((hitChosen / textChars) * length, length - 1);
      request.predictedTokens = Math.floor(tokens / BLOCK_SIZE) * BLOCK_SIZE;
    }
    router.call(() => lease.accept());
  }

  refused(request: SimulatedRequest, error: unknown): void {
    // A policy of one's own that throws: its figures would be those of nothing.
    if (!NO_PLACE.some((kind) => error instanceof kind)) throw error;
    this.#figures.refused++;
    this.#figures.ended++;
    this.#client.ended(request.source);
  }

  // Of the replicas.

  arrived(request: SimulatedRequest): void {
    request.reusableTokens = this.#bounds.prompt(request.sequence!);
  }

  token(request: SimulatedRequest, outMs: number, first: boolean): void {
    if (!first) this.#figures.gap(outMs - request.lastMs);
  }

  firstToken(request: SimulatedRequest): void {
    this.#routers[request.router]!.call(() => request.lease!.firstToken());
  }

  answered(request: SimulatedRequest): void {
    const { source, sequence, lease, router, replica, sentMs, firstMs, lastMs, predictedTokens } = request;
    const { promptTokens, cachedTokens, generated: outputTokens } = sequence!;
    this.#figures.answered(request);
    this.#bounds.answered(sequence!);
    const { conversation, turn } = source;
    const times = { sentMs, firstMs, lastMs, promptTokens, outputTokens, cachedTokens, predictedTokens };
    const where = { conversation, turn, warmup: this.#warming, router, replica };
    this.#watchers.onRequest?.({ ...where, ...times, engine: engineTimes(sequence!) });
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
      generatedMs: -1,
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

  get #preemptions(): number {
    return this.#replicas.reduce((sum, { engine }) => sum + engine.counters.preemptions, 0);
  }

  #makeClient(): Client {
    const { client, workload, seed } = this.#settings;
    return makeClient(client, this.#rate, workload, seed, this.#events, (request) => this.#send(request));
  }

  #scrapeAgain(): void {
    this.#scrape("interval");
    this.#events.at(this.#events.nowMs + this.#settings.scrapeMs, "rest", () => this.#scrapeAgain());
  }

  #scrape(when: SimulatedScrape["when"]): void {
    const { onScrape } = this.#watchers;
    if (onScrape === undefined) return;
    const atMs = this.#events.nowMs;
    this.#replicas.forEach(({ metrics }, replica) => {
      onScrape({ replica, id: this.#ids[replica]!, atMs, when, page: metrics!.expose() });
    });
  }

  #sample(): void {
    this.#figures.imbalance.sample(this.#replicas.map(({ requests }) => requests.size));
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
}
