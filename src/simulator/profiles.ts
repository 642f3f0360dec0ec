/**
 * How fast an engine steps and how much it caches: a GPU and a model on it.
 *
 * A step takes t0 + tP·P + tQ·Σ pᵢ·(cᵢ + pᵢ/2) + tD·D + tC·Σ cⱼ milliseconds: P prefill tokens in chunks pᵢ after contexts cᵢ,
 * D sequences that decode with contexts cⱼ.
 */
export interface Profile {
  readonly name: string;
  /** ms a step: weights read once, launch, sampling, scheduling. */
  readonly stepMs: number;
  /** ms a prefill token: 2 · parameters ÷ sustained FLOP/s. */
  readonly prefillTokenMs: number;
  /** ms a pair of a prefill token and a token of its context: attention. */
  readonly attentionPairMs: number;
  /** ms a decoding sequence. */
  readonly decodeMs: number;
  /** ms a context token of a decoding sequence: its KV bytes ÷ bandwidth. */
  readonly contextTokenMs: number;
  /** Blocks of 16 tokens in the KV cache. */
  readonly blocks: number;
  /** Tokens that one step may compute (`max_num_batched_tokens`). */
  readonly maxNumBatchedTokens: number;
  /** Sequences that may run at a time (`max_num_seqs`). */
  readonly maxNumSeqs: number;
  /** ms outside the engine: tokenizing and the way in (0.7 of it), detokenizing and the way out (0.3). */
  readonly apiMs: number;
  /** Tokens of prompt and answer together. */
  readonly maxModelLen: number;
}

/** The profiles that come with the package. */
export type ProfileName = "l4-qwen2.5-1.5b";

/**
 * `l4-qwen2.5-1.5b`: Qwen2.5-1.5B in bf16 on one NVIDIA L4 with vLLM v1. 3.09 GB of weights at 270 GB/s and 1.5 to 2.6 ms of
 * overhead a step; 28,672 bytes of KV a token in 15.6 GB; fitted to a published run of four such replicas behind Ray Serve's
 * prefix-aware router (17.7 requests/s, mean TTFT 136 ms, TPOT 20.3 ms).
 */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  "l4-qwen2.5-1.5b": {
    name: "l4-qwen2.5-1.5b",
    stepMs: 14,
    prefillTokenMs: 0.07,
    attentionPairMs: 1.7e-6,
    decodeMs: 0.055,
    contextTokenMs: 1.06e-4,
    blocks: 34_000,
    maxNumBatchedTokens: 2048,
    maxNumSeqs: 256,
    apiMs: 40,
    maxModelLen: 32_768,
  },
};

const TIMES = ["stepMs", "prefillTokenMs", "attentionPairMs", "decodeMs", "contextTokenMs", "apiMs"] as const;
const COUNTS = ["blocks", "maxNumBatchedTokens", "maxNumSeqs", "maxModelLen"] as const;

/** @throws TypeError or RangeError that names the figure which is missing or out of range. */
export function checkedProfile(profile: Profile): Profile {
  if (typeof profile !== "object" || profile === null) {
    throw new TypeError(`profile must be a name or an object, not ${profile === null ? "null" : typeof profile}`);
  }
  for (const figure of [...TIMES, ...COUNTS]) {
    if (typeof profile[figure] !== "number") {
      throw new TypeError(`profile.${figure} must be a number, not ${typeof profile[figure]}`);
    }
  }
  for (const time of TIMES) {
    const ms = profile[time];
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`profile.${time} must be 0 ms or more and finite, not ${ms}`);
    }
  }
  for (const count of COUNTS) {
    if (!(Number.isSafeInteger(profile[count]) && profile[count] >= 1)) {
      throw new RangeError(`profile.${count} must be a whole number, 1 or more, not ${profile[count]}`);
    }
  }
  return profile;
}
