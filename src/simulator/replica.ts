import {
  errorResponse,
  type ModelList,
  PROMETHEUS_CONTENT_TYPE,
  parseJsonObject,
  RequestError,
  readBody,
} from "../protocol/index.js";
import { nowS } from "../tree/index.js";
import { realClock, type SimulatorClock } from "./clock.js";
import { EngineDriver } from "./driver.js";
import { BLOCK_SIZE, Engine } from "./engine/index.js";
import { generate } from "./http/generation.js";
import { type GenerationRequest, readGenerationRequest } from "./http/request.js";
import { ReplicaMetrics } from "./metrics.js";
import { PROFILES, type Profile, type ProfileName } from "./profiles.js";

export interface SimulatedReplicaOptions {
  /** The model that it says it serves. Default: `Qwen/Qwen2.5-1.5B-Instruct`. */
  model?: string;
  /** How fast it is and how much it caches. Default: `l4-qwen2.5-1.5b`. */
  profile?: ProfileName | Profile;
  /** Default: true. */
  enablePrefixCaching?: boolean;
  /** Default: true. */
  enableChunkedPrefill?: boolean;
  /** The most requests at a time; one more is answered 503. Default: no limit. */
  maxOngoingRequests?: number;
  /** How many times faster than real all delays are. Default: 1. */
  speed?: number;
  /** The most bytes of a body. Default: 8 MiB. */
  maxBodyBytes?: number;
  clock?: SimulatorClock;
}

/** What a replica is doing, and what it has done since its start. */
export interface ReplicaStats {
  /** Requests that have arrived and are not over. */
  ongoing: number;
  running: number;
  waiting: number;
  /** Blocks of the cache in use, and all there are. */
  usedBlocks: number;
  blocks: number;
  promptTokens: number;
  /** Prompt tokens that were in the cache. */
  cachedTokens: number;
  generatedTokens: number;
}

/** A replica that behaves like a vLLM server, without a model. */
export interface SimulatedReplica {
  readonly model: string;
  readonly stats: ReplicaStats;
  /** Answers `/v1/completions`, `/v1/chat/completions`, `/v1/models`, `/health` and `/metrics`. */
  fetch(request: Request): Promise<Response>;
  /** Stops all timers. Requests under way are never answered: close what carries them too. */
  close(): void;
}

const DEFAULT_MODEL = "Qwen/Qwen2.5-1.5B-Instruct";
const DEFAULT_BODY_BYTES = 8 * 1024 * 1024;

/** @throws TypeError or RangeError for an option that is wrong. */
export function simulatedReplica(options: SimulatedReplicaOptions = {}): SimulatedReplica {
  return new Replica(options);
}

class Replica implements SimulatedReplica {
  readonly model: string;
  readonly #engine: Engine;
  readonly #driver: EngineDriver;
  readonly #metrics: ReplicaMetrics;
  readonly #maxOngoing: number;
  readonly #maxBodyBytes: number;
  #ongoing = 0;
  #requests = 0;

  constructor(options: SimulatedReplicaOptions) {
    const { model = DEFAULT_MODEL, speed = 1, clock = realClock } = options;
    const profile = profileOf(options.profile ?? "l4-qwen2.5-1.5b");
    if (typeof model !== "string" || model === "") throw new TypeError(`model must be a name, not ${String(model)}`);
    this.#maxOngoing = positive("maxOngoingRequests", options.maxOngoingRequests ?? Number.POSITIVE_INFINITY);
    this.#maxBodyBytes = positive("maxBodyBytes", options.maxBodyBytes ?? DEFAULT_BODY_BYTES);
    this.model = model;
    this.#engine = new Engine({
      profile,
      enablePrefixCaching: options.enablePrefixCaching ?? true,
      enableChunkedPrefill: options.enableChunkedPrefill ?? true,
    });
    this.#driver = new EngineDriver(this.#engine, clock, positive("speed", speed));
    this.#metrics = new ReplicaMetrics(this.#engine, model);
  }

  get stats(): ReplicaStats {
    const { running, waiting, pool, counters } = this.#engine;
    return {
      ongoing: this.#ongoing,
      running,
      waiting,
      usedBlocks: pool.size - pool.free,
      blocks: pool.size,
      promptTokens: counters.promptTokens,
      cachedTokens: counters.prefixCacheHits,
      generatedTokens: counters.generationTokens,
    };
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const route = ROUTES[pathname];
    if (route === undefined) {
      return errorResponse(404, `There is nothing at ${pathname}.`, { type: "NotFoundError", code: 404 });
    }
    if (request.method !== route.method && !(request.method === "HEAD" && route.method === "GET")) {
      return errorResponse(405, `${pathname} takes ${route.method}, not ${request.method}.`, {
        type: "MethodNotAllowedError",
        code: 405,
        headers: { allow: route.method },
      });
    }
    if (route.answer === "health") return new Response(null, { status: 200 });
    if (route.answer === "models") return Response.json(this.#models());
    if (route.answer === "metrics") {
      return new Response(this.#metrics.expose(), { headers: { "content-type": PROMETHEUS_CONTENT_TYPE } });
    }
    return this.#generate(request, route.answer);
  }

  close(): void {
    this.#driver.close();
  }

  async #generate(request: Request, kind: "completions" | "chat"): Promise<Response> {
    if (this.#ongoing >= this.#maxOngoing) {
      return errorResponse(503, `The replica has ${this.#ongoing} requests, as many as it takes.`, {
        type: "ServiceUnavailableError",
        code: 503,
        headers: { "retry-after": "1" },
      });
    }
    this.#ongoing++;
    let generation: GenerationRequest;
    try {
      const body = parseJsonObject(await readBody(request, this.#maxBodyBytes));
      generation = readGenerationRequest(body, kind, this.model);
      this.#checkLength(generation);
    } catch (error) {
      this.#ongoing--;
      if (error instanceof RequestError) return error.toResponse();
      throw error;
    }
    const number = ++this.#requests;
    return generate(generation, request.signal, {
      driver: this.#driver,
      metrics: this.#metrics,
      model: this.model,
      id: `${kind === "chat" ? "chatcmpl" : "cmpl"}-${number}`,
      created: Math.floor(nowS()),
      maxTotalTokens: this.#maxTotalTokens,
      onEnd: () => {
        this.#ongoing--;
      },
    });
  }

  /** The context of the model, or what its cache can hold if that is less. */
  get #maxTotalTokens(): number {
    const { maxModelLen, blocks } = this.#engine.profile;
    return Math.min(maxModelLen, blocks * BLOCK_SIZE);
  }

  /** In vLLM's words. */
  #checkLength({ prompts, maxTokens }: GenerationRequest): void {
    const most = this.#maxTotalTokens;
    for (const { length } of prompts) {
      if (length === 0)
        throw new RequestError(400, "The prompt must not be empty.", { type: "BadRequestError", code: 400 });
      if (length + (maxTokens ?? 1) <= most) continue;
      throw new RequestError(
        400,
        `This model's maximum context length is ${most} tokens. However, you requested ${length + (maxTokens ?? 0)} tokens ` +
          `(${length} in the messages, ${maxTokens ?? 0} in the completion). Please reduce the length of the messages or ` +
          "completion.",
        { type: "BadRequestError", code: 400 },
      );
    }
  }

  #models(): ModelList {
    const { maxModelLen } = this.#engine.profile;
    return {
      object: "list",
      data: [
        { id: this.model, object: "model", created: 0, owned_by: "vllm", root: this.model, max_model_len: maxModelLen },
      ],
    };
  }
}

const ROUTES: Readonly<
  Record<string, { method: "GET" | "POST"; answer: "completions" | "chat" | "models" | "health" | "metrics" }>
> = {
  "/v1/completions": { method: "POST", answer: "completions" },
  "/v1/chat/completions": { method: "POST", answer: "chat" },
  "/v1/models": { method: "GET", answer: "models" },
  "/health": { method: "GET", answer: "health" },
  "/metrics": { method: "GET", answer: "metrics" },
};

function profileOf(profile: ProfileName | Profile): Profile {
  if (typeof profile !== "string") return profile;
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new RangeError(`profile must be one of ${Object.keys(PROFILES).join(", ")}, or an object, not "${profile}"`);
  }
  return PROFILES[profile];
}

function positive(name: string, value: number): number {
  if (!(typeof value === "number" && value > 0))
    throw new RangeError(`${name} must be a number above 0, not ${String(value)}`);
  return value;
}
