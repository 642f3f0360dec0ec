import {
  errorResponse,
  type ModelList,
  PROMETHEUS_CONTENT_TYPE,
  parseJsonObject,
  RequestError,
  readBody,
} from "../protocol/index.js";
import { realClock, type SimulatorClock } from "./clock.js";
import { EngineDriver } from "./driver.js";
import { BLOCK_SIZE, Engine } from "./engine/index.js";
import { AnswerBodies } from "./http/answers.js";
import type { Generation } from "./http/generation.js";
import { type GenerationRequest, readGenerationRequest } from "./http/request.js";
import { respond } from "./http/respond.js";
import { ReplicaMetrics } from "./metrics.js";
import { checkedProfile, PROFILES, type Profile, type ProfileName } from "./profiles.js";

/** What a simulated replica is to be like. */
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
  /** Default: the host's. */
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
  /** Ends all requests, streams with an error, and refuses all others from then on; leaves no timer. */
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
  readonly #clock: SimulatorClock;
  readonly #engine: Engine;
  readonly #driver: EngineDriver;
  readonly #metrics: ReplicaMetrics;
  readonly #maxOngoing: number;
  readonly #maxBodyBytes: number;
  readonly #generations = new Set<Generation>();
  /** Requests whose bodies are being read. */
  #reading = 0;
  #requests = 0;
  #closed = false;

  constructor(options: SimulatedReplicaOptions) {
    const { model = DEFAULT_MODEL, speed = 1, clock = realClock } = options;
    const profile = profileOf(options.profile ?? "l4-qwen2.5-1.5b");
    if (typeof model !== "string" || model === "") throw new TypeError(`model must be a name, not ${String(model)}`);
    this.#maxOngoing = limit("maxOngoingRequests", options.maxOngoingRequests ?? Number.POSITIVE_INFINITY);
    this.#maxBodyBytes = limit("maxBodyBytes", options.maxBodyBytes ?? DEFAULT_BODY_BYTES);
    this.model = model;
    this.#clock = clock;
    this.#engine = new Engine({
      profile,
      enablePrefixCaching: flag("enablePrefixCaching", options.enablePrefixCaching ?? true),
      enableChunkedPrefill: flag("enableChunkedPrefill", options.enableChunkedPrefill ?? true),
    });
    this.#metrics = new ReplicaMetrics(this.#engine, model);
    this.#driver = new EngineDriver(this.#engine, clock, finite("speed", speed), (step) => this.#metrics.step(step));
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
    if (this.#closed) return unavailable("The replica is closed.");
    const { pathname } = new URL(request.url);
    const route = ROUTES[pathname];
    if (route === undefined) {
      return errorResponse(404, `There is nothing at ${pathname}.`, { type: "NotFoundError", code: 404 });
    }
    if (!route.methods.includes(request.method)) {
      const allow = route.methods.join(", ");
      return errorResponse(405, `${pathname} takes ${allow}, not ${request.method}.`, {
        type: "MethodNotAllowedError",
        code: 405,
        headers: { allow },
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
    this.#closed = true;
    for (const generation of [...this.#generations]) generation.stop();
    this.#driver.close();
  }

  get #ongoing(): number {
    return this.#reading + this.#generations.size;
  }

  async #generate(request: Request, kind: "completions" | "chat"): Promise<Response> {
    if (this.#ongoing >= this.#maxOngoing) {
      return unavailable(`The replica has ${this.#ongoing} requests, as many as it takes.`);
    }
    let generation: GenerationRequest;
    this.#reading++;
    try {
      const body = parseJsonObject(await readBody(request, this.#maxBodyBytes).catch(refuseBroken));
      generation = readGenerationRequest(body, kind, this.model);
      this.#checkLength(generation);
    } catch (error) {
      if (error instanceof RequestError) return error.toResponse();
      throw error;
    } finally {
      this.#reading--;
    }
    if (this.#closed) return unavailable("The replica is closed.");
    const id = `${kind === "chat" ? "chatcmpl" : "cmpl"}-${++this.#requests}`;
    return respond(generation, {
      driver: this.#driver,
      metrics: this.#metrics,
      maxTotalTokens: this.#maxTotalTokens,
      bodies: new AnswerBodies(kind, id, Math.floor(this.#clock.now() / 1000), this.model),
      signal: request.signal,
      onBegin: (begun) => this.#generations.add(begun),
      onEnd: (ended) => this.#generations.delete(ended),
    });
  }

  /** The context of the model, or what its cache can hold if that is less. */
  get #maxTotalTokens(): number {
    const { maxModelLen, blocks } = this.#engine.profile;
    return Math.min(maxModelLen, blocks * BLOCK_SIZE);
  }

  #checkLength({ kind, prompts, maxTokens }: GenerationRequest): void {
    const most = this.#maxTotalTokens;
    const details = { type: "BadRequestError", param: kind === "chat" ? "messages" : "prompt", code: 400 };
    for (const { length } of prompts) {
      if (length === 0) throw new RequestError(400, "The prompt must not be empty.", details);
      if (length + (maxTokens ?? 1) > most) throw new RequestError(400, tooLong(most, length, maxTokens), details);
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

type Endpoint = "completions" | "chat" | "models" | "health" | "metrics";

const ROUTES: Readonly<Record<string, { methods: readonly string[]; answer: Endpoint }>> = {
  "/v1/completions": { methods: ["POST"], answer: "completions" },
  "/v1/chat/completions": { methods: ["POST"], answer: "chat" },
  "/v1/models": { methods: ["GET", "HEAD"], answer: "models" },
  "/health": { methods: ["GET", "HEAD"], answer: "health" },
  "/metrics": { methods: ["GET", "HEAD"], answer: "metrics" },
};

/** A client that leaves in the middle of its request is no fault of the replica. */
function refuseBroken(error: unknown): never {
  if (error instanceof RequestError) throw error;
  throw new RequestError(400, "The body ended before it was whole.", { type: "BadRequestError", code: 400 });
}

function unavailable(message: string): Response {
  return errorResponse(503, message, {
    type: "ServiceUnavailableError",
    code: 503,
    headers: { "retry-after": "1" },
  });
}

/** In vLLM's words. */
function tooLong(most: number, prompt: number, maxTokens: number | null): string {
  const context = `This model's maximum context length is ${most} tokens. However, `;
  if (maxTokens === null || prompt >= most) {
    return `${context}your request has ${prompt} input tokens. Please reduce the length of the input messages.`;
  }
  return (
    `${context}you requested ${prompt + maxTokens} tokens (${prompt} in the messages, ${maxTokens} in the completion). ` +
    "Please reduce the length of the messages or completion."
  );
}

function profileOf(profile: ProfileName | Profile): Profile {
  if (typeof profile !== "string") return checkedProfile(profile);
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new RangeError(`profile must be one of ${Object.keys(PROFILES).join(", ")}, or an object, not "${profile}"`);
  }
  return PROFILES[profile];
}

function finite(name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${typeof value}`);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be above 0 and finite, not ${value}`);
  }
  return value;
}

/** A whole number, 1 or more, or Infinity for no limit. */
function limit(name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${typeof value}`);
  if (!(value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY))) {
    throw new RangeError(`${name} must be a whole number, 1 or more, not ${value}`);
  }
  return value;
}

function flag(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${String(value)}`);
  return value;
}
