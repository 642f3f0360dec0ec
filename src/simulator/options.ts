import type { Tokenizer } from "../workloads/index.js";
import { realClock, type SimulatorClock } from "./clock.js";
import { checkedFault, type Fault } from "./faults/fault.js";
import { type Profile, type ProfileName, profileOf } from "./profiles.js";

/** What a simulated replica is to be like. Its times are simulated milliseconds. */
export interface SimulatedReplicaOptions {
  /** The model that it says it serves. Default: the profile's, of a profile of your own `Qwen/Qwen2.5-1.5B-Instruct`. */
  model?: string;
  /** Names of LoRA adapters that can be asked for as `model` too, each with a cache of its own. Default: none. */
  loras?: readonly string[];
  /** How fast it is and how much it caches. Default: `l4-qwen2.5-1.5b`. */
  profile?: ProfileName | Profile;
  /** The most sequences that run at a time. Default: the profile's. */
  maxNumSeqs?: number;
  /** Default: true. */
  enablePrefixCaching?: boolean;
  /** Default: true. */
  enableChunkedPrefill?: boolean;
  /** The most requests at a time; one more is answered 503. Default: no limit. */
  maxOngoingRequests?: number;
  /** Tokens within so many milliseconds of the last ones sent wait and reach the client together. Default: 0. */
  streamBatchMs?: number;
  /** `/metrics` tells what was so at the last of these intervals; 0: what is so. Default: 0. */
  metricsIntervalMs?: number;
  /** Whether `/kv_events` tells what the cache stores and removes. It keeps 10,000 steps with all their token ids. Default: false. */
  kvEvents?: boolean;
  /** Cuts text into tokens, those of a prefix being a prefix of them. Default: about four characters each. */
  tokenizer?: Tokenizer;
  /** Makes text of tokens again, for `/detokenize`. Default: with a `tokenizer` of your own none, else what `/tokenize` has seen. */
  detokenizer?: (tokens: readonly number[]) => string;
  /** What is to go wrong, and when. More can be added later. Default: nothing. */
  faults?: readonly Fault[];
  /** How many times faster than real all delays are. Default: 1. */
  speed?: number;
  /** The most bytes of a body. Default: 8 MiB. */
  maxBodyBytes?: number;
  /** Default: the host's. */
  clock?: SimulatorClock;
}

/** The same, checked and complete. */
export interface ReplicaSettings {
  readonly model: string;
  readonly adapters: readonly string[];
  readonly profile: Profile;
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  readonly maxOngoingRequests: number;
  readonly streamBatchMs: number;
  readonly metricsIntervalMs: number;
  readonly kvEvents: boolean;
  /** Null: the built-in ones. */
  readonly tokenizer: Tokenizer | null;
  readonly detokenizer: ((tokens: readonly number[]) => string) | null;
  readonly faults: readonly Fault[];
  readonly speed: number;
  readonly maxBodyBytes: number;
  readonly clock: SimulatorClock;
}

const DEFAULT_MODELS: Readonly<Record<ProfileName, string>> = {
  "l4-qwen2.5-1.5b": "Qwen/Qwen2.5-1.5B-Instruct",
  "l4-qwen2.5-0.5b": "Qwen/Qwen2.5-0.5B-Instruct",
  "h100-llama-3.1-8b": "meta-llama/Llama-3.1-8B-Instruct",
  "cpu-tiny": "HuggingFaceTB/SmolLM2-135M-Instruct",
};
const DEFAULT_BODY_BYTES = 8 * 1024 * 1024;

/** @throws TypeError or RangeError for an option that is wrong. */
export function checkedOptions(options: SimulatedReplicaOptions): ReplicaSettings {
  const {
    profile: chosen = "l4-qwen2.5-1.5b",
    loras = [],
    tokenizer,
    detokenizer,
    faults = [],
    clock = realClock,
  } = options;
  const profile = profileOf(chosen);
  const { model = DEFAULT_MODELS[typeof chosen === "string" ? chosen : "l4-qwen2.5-1.5b"] } = options;
  if (typeof model !== "string" || model === "") throw new TypeError(`model must be a name, not ${String(model)}`);
  return {
    model,
    adapters: adapterNames(loras, model),
    profile: { ...profile, maxNumSeqs: count("maxNumSeqs", options.maxNumSeqs ?? profile.maxNumSeqs) },
    enablePrefixCaching: flag("enablePrefixCaching", options.enablePrefixCaching ?? true),
    enableChunkedPrefill: flag("enableChunkedPrefill", options.enableChunkedPrefill ?? true),
    maxOngoingRequests: limit("maxOngoingRequests", options.maxOngoingRequests ?? Number.POSITIVE_INFINITY),
    streamBatchMs: milliseconds("streamBatchMs", options.streamBatchMs ?? 0),
    metricsIntervalMs: milliseconds("metricsIntervalMs", options.metricsIntervalMs ?? 0),
    kvEvents: flag("kvEvents", options.kvEvents ?? false),
    tokenizer: tokenizer === undefined ? null : checkedTokenizer(tokenizer),
    detokenizer: detokenizer === undefined ? null : callable("detokenizer", detokenizer),
    faults: checkedFaults(faults),
    speed: finite("speed", options.speed ?? 1),
    maxBodyBytes: limit("maxBodyBytes", options.maxBodyBytes ?? DEFAULT_BODY_BYTES),
    clock,
  };
}

function adapterNames(loras: readonly string[], model: string): readonly string[] {
  if (!Array.isArray(loras) || !loras.every((name) => typeof name === "string" && name !== "")) {
    throw new TypeError(`loras must be an array of names, not ${JSON.stringify(loras)}`);
  }
  const twice = [model, ...loras].find((name, i, all) => all.indexOf(name) < i);
  if (twice !== undefined) throw new RangeError(`loras must be different names and not the model's: ${twice}`);
  return [...loras];
}

/** One whose results are checked: a wrong one would spoil hashes without a word. */
function checkedTokenizer(tokenizer: Tokenizer): Tokenizer {
  callable("tokenizer", tokenizer);
  return (text) => {
    const tokens: unknown = tokenizer(text);
    const wrong = Array.isArray(tokens) ? tokens.find((id) => !Number.isInteger(id) || id < 0) : tokens;
    if (!Array.isArray(tokens) || wrong !== undefined) {
      throw new TypeError(`tokenizer must return an array of token ids, 0 or more, not ${String(wrong)}`);
    }
    return tokens;
  };
}

function checkedFaults(faults: readonly Fault[]): readonly Fault[] {
  if (!Array.isArray(faults)) throw new TypeError(`faults must be an array, not ${String(faults)}`);
  return faults.map((fault, i) => checkedFault(fault, `faults[${i}]`));
}

function callable<Called>(name: string, value: Called): Called {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${typeof value}`);
  return value;
}

function finite(name: string, value: number): number {
  if (!(numeric(name, value) > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be above 0 and finite, not ${value}`);
  }
  return value;
}

function milliseconds(name: string, value: number): number {
  if (!(numeric(name, value) >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be 0 ms or more and finite, not ${value}`);
  }
  return value;
}

function count(name: string, value: number): number {
  if (!(Number.isSafeInteger(numeric(name, value)) && value >= 1)) {
    throw new RangeError(`${name} must be a whole number, 1 or more, not ${value}`);
  }
  return value;
}

/** A whole number, 1 or more, or Infinity for no limit. */
function limit(name: string, value: number): number {
  return value === Number.POSITIVE_INFINITY ? value : count(name, value);
}

function numeric(name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${typeof value}`);
  return value;
}

function flag(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${String(value)}`);
  return value;
}
