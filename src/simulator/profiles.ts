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
export type ProfileName = "l4-qwen2.5-1.5b" | "l4-qwen2.5-0.5b" | "h100-llama-3.1-8b" | "cpu-tiny";

/**
 * Where each figure comes from. For all: `prefillTokenMs` is 2 · parameters ÷ sustained FLOP/s, `contextTokenMs` bytes of KV a token ÷
 * bandwidth, blocks of 16 tokens what 0.9 of the memory holds beside weights and activations, budgets `vllm serve`'s defaults for that
 * much memory.
 *
 * `l4-qwen2.5-1.5b`: Qwen2.5-1.5B in bf16 on one NVIDIA L4 with vLLM v1. stepMs: 3.09 GB of weights at 270 GB/s (90 % of the L4's
 * 300) and 2.6 ms of overhead. prefillTokenMs, apiMs: fitted (0.055 to 0.085, 22 to 55) to a published run of four such replicas behind
 * Ray Serve's prefix-aware router (17.7 requests/s, mean TTFT 136 ms, TPOT 20.3 ms). decodeMs: ITL at concurrency 1 to 32 of the
 * next profile. contextTokenMs: 28 layers · 2 KV heads · 128 · 2 · 2 bytes = 28,672 bytes. blocks: 15.6 GB.
 *
 * `l4-qwen2.5-0.5b`: Qwen2.5-0.5B in bf16 on one L4 with vLLM 0.23, measured at 256 tokens in, 128 out, concurrency 1, 8, 32
 * (ai.wmx.dev/benchmarks): ITL 5.1, 5.5, 7.1 ms, TTFT 27, 61, 135 ms. stepMs: the ITL alone less its sequence's share, 0.99 GB at
 * 270 GB/s = 3.7 and 1.35 ms of overhead. decodeMs: the slope (7.1 − 5.1) ÷ 31 = 0.065 less 0.015 of context. prefillTokenMs: that of
 * the 1.5B by parameters, 0.07 · 0.494 ÷ 1.54. attentionPairMs: by layers · heads · head size, 24 · 14 · 64 against 28 · 12 · 128.
 * contextTokenMs: 24 · 2 · 64 · 2 · 2 = 12,288 bytes. blocks: 0.9 · 22.5 − 1 − 1.5 = 17.7 GB. apiMs: the TTFT at concurrency 1 less a
 * step and 256 tokens' prefill, 15 to 20 ms without a router. maxModelLen: its config.json.
 *
 * `h100-llama-3.1-8b`: Llama-3.1-8B in bf16 on one H100 80 GB. stepMs, prefillTokenMs: Vidur's profile of the linear operators of
 * Llama-2-7B (microsoft/vidur, data/profiling/compute/h100: 5.5 to 5.9 ms up to 64 tokens, 0.0202 ms a token) times 1.08 for 8B, and
 * the output layer, attention, sampling. contextTokenMs: 32 layers · 8 KV heads · 128 · 2 · 2 = 131,072 bytes at 2.5 TB/s. blocks:
 * 52 GB. maxModelLen: its config.json.
 *
 * `cpu-tiny`: no machine's measurement, but round figures of the size of a model of 0.1 B parameters on two CPU cores, for tests
 * that want an engine whose prefill is dear and whose cache is small: 2 ms a prefill token (2 · 0.1e9 FLOP at 100 GFLOP/s), 10 ms a step
 * (0.2 GB of weights at 20 GB/s), 512 blocks, a context of 4,096.
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
  "l4-qwen2.5-0.5b": {
    name: "l4-qwen2.5-0.5b",
    stepMs: 5.05,
    prefillTokenMs: 0.0225,
    attentionPairMs: 0.85e-6,
    decodeMs: 0.05,
    contextTokenMs: 4.6e-5,
    blocks: 90_000,
    maxNumBatchedTokens: 2048,
    maxNumSeqs: 256,
    apiMs: 16,
    maxModelLen: 32_768,
  },
  "h100-llama-3.1-8b": {
    name: "h100-llama-3.1-8b",
    stepMs: 7.6,
    prefillTokenMs: 0.0235,
    attentionPairMs: 0.9e-6,
    decodeMs: 0.025,
    contextTokenMs: 5.2e-5,
    blocks: 25_000,
    maxNumBatchedTokens: 8192,
    maxNumSeqs: 1024,
    apiMs: 8,
    maxModelLen: 131_072,
  },
  "cpu-tiny": {
    name: "cpu-tiny",
    stepMs: 10,
    prefillTokenMs: 2,
    attentionPairMs: 1e-4,
    decodeMs: 1,
    contextTokenMs: 1e-3,
    blocks: 512,
    maxNumBatchedTokens: 512,
    maxNumSeqs: 16,
    apiMs: 2,
    maxModelLen: 4096,
  },
};

const TIMES = ["stepMs", "prefillTokenMs", "attentionPairMs", "decodeMs", "contextTokenMs", "apiMs"] as const;
const COUNTS = ["blocks", "maxNumBatchedTokens", "maxNumSeqs", "maxModelLen"] as const;

/** @throws TypeError or RangeError that names the figure which is missing or out of range. */
export function checkedProfile(profile: Profile): Profile {
  if (typeof profile !== "object" || profile === null || Array.isArray(profile)) {
    throw new TypeError(`profile must be a name or an object, not ${JSON.stringify(profile)}`);
  }
  for (const time of TIMES) checkFigure(profile, time, "0 ms or more and finite", (ms) => ms >= 0 && ms < Infinity);
  for (const count of COUNTS) {
    checkFigure(profile, count, "a whole number, 1 or more", (number) => Number.isSafeInteger(number) && number >= 1);
  }
  return profile;
}

/** @throws TypeError or RangeError for an unknown name, and as `checkedProfile`. */
export function profileOf(profile: ProfileName | Profile): Profile {
  if (typeof profile !== "string") return checkedProfile(profile);
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new RangeError(`profile must be one of ${Object.keys(PROFILES).join(", ")}, or an object, not "${profile}"`);
  }
  return PROFILES[profile];
}

function checkFigure(
  profile: Profile,
  figure: (typeof TIMES)[number] | (typeof COUNTS)[number],
  expected: string,
  fits: (value: number) => boolean,
): void {
  const value: unknown = profile[figure];
  if (value === undefined) throw new TypeError(`profile.${figure} is missing: it must be ${expected}`);
  if (typeof value !== "number") {
    throw new TypeError(`profile.${figure} must be ${expected}, not ${JSON.stringify(value)}`);
  }
  if (!fits(value)) throw new RangeError(`profile.${figure} must be ${expected}, not ${value}`);
}
