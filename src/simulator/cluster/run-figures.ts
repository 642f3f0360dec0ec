import { percentile, type ServingFigures, ServingMeter } from "../../measure/index.js";
import type { CacheBounds } from "./bounds.js";
import { Imbalance } from "./imbalance.js";
import type { ClusterResult, PredictionFigures } from "./result.js";
import type { SimulatedRequest } from "./simulated-request.js";

/** What is measured while the workload is sent once. */
export class RunFigures {
  readonly imbalance: Imbalance = new Imbalance();
  /** Requests that each replica took. */
  readonly taken: number[];
  ended = 0;
  refused = 0;
  rejections = 0;
  evictions = 0;
  readonly #startMs: number;
  readonly #meter = new ServingMeter();
  readonly #bounds: CacheBounds;
  /** What the bounds and the engines had counted before. */
  readonly #infiniteBefore: number;
  readonly #oneCacheBefore: number;
  readonly #preemptionsBefore: number;
  readonly #errors: number[] = [];
  #bias = 0;
  #hitTokens = 0;
  #reprefilled = 0;

  /** @param startMs the time now. */
  constructor(startMs: number, replicas: number, bounds: CacheBounds, preemptions: number) {
    this.#startMs = startMs;
    this.#bounds = bounds;
    this.#infiniteBefore = bounds.infiniteHits;
    this.#oneCacheBefore = bounds.oneCacheHits;
    this.#preemptionsBefore = preemptions;
    this.taken = Array.from({ length: replicas }, () => 0);
  }

  /** A gap between two tokens of one request. */
  gap(ms: number): void {
    this.#meter.gap(ms);
  }

  /** A request has got its last token. */
  answered({ sequence, sentMs, firstMs, lastMs, predictedTokens, reusableTokens }: SimulatedRequest): void {
    const { promptTokens, cachedTokens, generated: outputTokens } = sequence!;
    const start = this.#startMs;
    const times = { sentMs: sentMs - start, firstMs: firstMs - start, lastMs: lastMs - start };
    this.#meter.answered({ ...times, promptTokens, outputTokens });
    this.ended++;
    this.#hitTokens += cachedTokens;
    this.#reprefilled += Math.max(0, reusableTokens - cachedTokens);
    if (predictedTokens === null) return;
    this.#errors.push(Math.abs(predictedTokens - cachedTokens));
    this.#bias += predictedTokens - cachedTokens;
  }

  get serving(): ServingFigures {
    return this.#meter.figures();
  }

  /** @param preemptions of all engines so far. */
  result(
    preemptions: number,
  ): Pick<ClusterResult, "refused" | "rejections" | "serving" | "cache" | "balance" | "prediction"> {
    const { serving, taken } = this;
    const infiniteHits = this.#bounds.infiniteHits - this.#infiniteBefore;
    const oneCacheHits = this.#bounds.oneCacheHits - this.#oneCacheBefore;
    const ofPrompts = (tokens: number) => (serving.promptTokens === 0 ? 0 : tokens / serving.promptTokens);
    const shareOf = (bound: number) => (bound === 0 ? null : this.#hitTokens / bound);
    const all = taken.reduce((sum, count) => sum + count, 0);
    return {
      refused: this.refused,
      rejections: this.rejections,
      serving,
      cache: {
        hitTokens: this.#hitTokens,
        hitRatio: ofPrompts(this.#hitTokens),
        infiniteHitRatio: ofPrompts(infiniteHits),
        oneCacheHitRatio: ofPrompts(oneCacheHits),
        shareOfInfinite: shareOf(infiniteHits),
        shareOfOneCache: shareOf(oneCacheHits),
        evictions: this.evictions,
        reprefilledTokens: this.#reprefilled,
        preemptions: preemptions - this.#preemptionsBefore,
      },
      balance: {
        loadVariation: this.imbalance.variation,
        hotSpot: all === 0 ? 1 : (taken.length * Math.max(...taken)) / all,
        requests: taken,
      },
      prediction: this.#prediction(),
    };
  }

  #prediction(): PredictionFigures | null {
    const requests = this.#errors.length;
    if (requests === 0) return null;
    const sorted = Float64Array.from(this.#errors).sort();
    return { requests, p50: percentile(sorted, 50), p95: percentile(sorted, 95), bias: this.#bias / requests };
  }
}
