import { type MeanInterval, meanInterval } from "../../measure/index.js";
import type { ClusterResult, ProfileName } from "../../simulator/index.js";

/**
 * What Ray Serve LLM's prefix-aware router was measured with: 4 × L4, Qwen2.5-1.5B, at most 20 ongoing requests a replica, 1,000 prompts of
 * ShareGPT, 40 at a time at 100 a second, output 10 to 200, eviction 400,000 / 360,000 / 10 s; run "prefix_aware_with_eviction".
 */
interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly reference: number;
  /** The share by which it may differ; null where none is asked for. */
  readonly tolerance: number | null;
  readonly of: (result: ClusterResult) => number;
}

export const REFERENCE_RUN: readonly Measured[] = [
  figure("requests", "1/s", 17.7051, 0.1, ({ serving }) => serving.requestThroughput),
  figure("input tokens", "1/s", 31506.2116, 0.1, ({ serving }) => serving.inputThroughput),
  figure("output tokens", "1/s", 1805.4434, 0.1, ({ serving }) => serving.outputThroughput),
  figure("TTFT mean", "ms", 136.1831, 0.1, ({ serving }) => serving.ttftMs!.mean),
  figure("TTFT median", "ms", 113.4312, 0.15, ({ serving }) => serving.ttftMs!.median),
  figure("TTFT std", "ms", 110.973, null, ({ serving }) => serving.ttftMs!.std),
  figure("TTFT p99", "ms", 715.0978, 0.35, ({ serving }) => serving.ttftMs!.p99),
  figure("TPOT mean", "ms", 20.3178, 0.1, ({ serving }) => serving.tpotMs!.mean),
  figure("TPOT median", "ms", 19.8729, null, ({ serving }) => serving.tpotMs!.median),
  figure("TPOT std", "ms", 3.0302, null, ({ serving }) => serving.tpotMs!.std),
  figure("TPOT p99", "ms", 30.5048, null, ({ serving }) => serving.tpotMs!.p99),
  figure("ITL mean", "ms", 20.4028, null, ({ serving }) => serving.itlMs!.mean),
  figure("ITL median", "ms", 0.0142, null, ({ serving }) => serving.itlMs!.median),
  figure("ITL std", "ms", 28.7998, null, ({ serving }) => serving.itlMs!.std),
  figure("ITL p99", "ms", 101.4521, null, ({ serving }) => serving.itlMs!.p99),
  figure("E2E mean", "ms", 2194.5704, 0.1, ({ serving }) => serving.e2eMs!.mean),
  figure("E2E median", "ms", 2106.8943, null, ({ serving }) => serving.e2eMs!.median),
];

function figure(name: string, unit: string, reference: number, tolerance: number | null, of: Measured["of"]): Measured {
  return { name, unit, reference, tolerance, of };
}

/** A figure of the reference run beside what the simulation gives. */
export interface SideBySide {
  readonly name: string;
  readonly unit: string;
  readonly reference: number;
  readonly simulated: MeanInterval;
  /** simulated ÷ reference − 1. */
  readonly difference: number;
  readonly tolerance: number | null;
  /** Null where no tolerance is asked for. */
  readonly within: boolean | null;
}

export function besideReference(results: readonly ClusterResult[]): SideBySide[] {
  return REFERENCE_RUN.map(({ name, unit, reference, tolerance, of }) => {
    const simulated = meanInterval(results.map(of));
    const difference = simulated.mean / reference - 1;
    const within = tolerance === null ? null : Math.abs(difference) <= tolerance;
    return { name, unit, reference, simulated, difference, tolerance, within };
  });
}

/** The simulated set-up of that run: the profile as it is, and tokens every 50 ms, as Ray Serve LLM gives them out. */
export const REFERENCE_SETUP: {
  readonly profile: ProfileName;
  readonly policies: readonly string[];
  readonly streamBatchMs: number;
} = {
  profile: "l4-qwen2.5-1.5b",
  policies: ["pow_of_2", "prefix_aware:doEviction=true", "prefix_aware:doEviction=true:imbalancedThreshold=10"],
  streamBatchMs: 50,
};

/** Said under the table, so that nobody takes the one for the other. */
export const FITTED_AND_PREDICTED: string =
  "Fitted to the reference's prefix-aware run, before any policy was compared, and the same for all: prefillTokenMs, apiMs, the lengths of " +
  "turns, and that a conversation's turns are sent in order. Taken from elsewhere: stepMs (weights ÷ bandwidth, and 2.6 ms of overhead), decode and " +
  "attention times, cache size, stream batches of 50 ms (Ray Serve LLM's). Predicted: all other policies, and what a change of any of these gives.";
