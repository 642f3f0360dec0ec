import type { ServingFigures } from "../../measure/index.js";

/** What a run gave. All of it is simulated. */
export interface ClusterResult {
  readonly policy: string;
  readonly workload: string;
  readonly seed: number;
  readonly replicas: number;
  readonly routers: number;
  readonly profile: string;
  /** Blocks of 16 tokens that each replica caches. */
  readonly blocks: number;
  /** Requests that got no place, and requests that replicas sent back (each time one did). */
  readonly refused: number;
  readonly rejections: number;
  /** What a serving benchmark gives. */
  readonly serving: ServingFigures;
  readonly cache: CacheFigures;
  readonly balance: BalanceFigures;
  readonly prediction: PredictionFigures | null;
  /** What a serving benchmark gives of the warm-up, of which nothing else here tells; null without one. */
  readonly warmup: ServingFigures | null;
}

/** What the caches held, and what better ones would have. */
export interface CacheFigures {
  /** Prompt tokens found in the caches, and their share of all prompt tokens. */
  readonly hitTokens: number;
  readonly hitRatio: number;
  /** The same, had there been one endless cache for all, and one as large as all replicas' together. Both are upper bounds. */
  readonly infiniteHitRatio: number;
  readonly oneCacheHitRatio: number;
  /** `hitTokens` as a share of those bounds; null where nothing was to be found. */
  readonly shareOfInfinite: number | null;
  readonly shareOfOneCache: number | null;
  /** Cached blocks that were given away for something else. */
  readonly evictions: number;
  /** Prompt tokens computed that some replica had computed before. */
  readonly reprefilledTokens: number;
  readonly preemptions: number;
}

/** How evenly the replicas were used. */
export interface BalanceFigures {
  /** Coefficient of variation of the requests on each replica, mean over time (every 100 ms). */
  readonly loadVariation: number;
  /** Replicas × share of the requests that the busiest got; 1 is even. */
  readonly hotSpot: number;
  /** By replica. */
  readonly requests: readonly number[];
}

/** Of requests whose policy looked: prompt tokens that it took the replica to have, in whole blocks, less those it had. */
export interface PredictionFigures {
  readonly requests: number;
  /** Of the absolute error, in tokens. */
  readonly p50: number;
  readonly p95: number;
  /** Mean of the error with its sign: above 0, more was predicted than was there. */
  readonly bias: number;
}
