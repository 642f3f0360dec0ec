import { errorResponse, PROMETHEUS_CONTENT_TYPE, parseJsonObject, RequestError, readBody } from "../protocol/index.js";
import { tokenize } from "../workloads/index.js";
import { faultsAnswer } from "./faults/admin.js";
import { checkedFault, type Fault } from "./faults/fault.js";
import { FaultSchedule } from "./faults/schedule.js";
import { GENERATION_APIS, type GenerationApi } from "./http/apis.js";
import { checkLength } from "./http/context-length.js";
import { ConnectionCut } from "./http/generation.js";
import { modelList } from "./http/models.js";
import { embeddingsAnswer, rerankAnswer } from "./http/pooling.js";
import type { GenerationRequest, Served } from "./http/request.js";
import { respond } from "./http/respond.js";
import { detokenizeAnswer, noWayBack, tokenizeAnswer, Vocabulary } from "./http/tokenize.js";
import { Instance } from "./instance.js";
import type { KvEventLog } from "./kv-events/log.js";
import { kvEventStream } from "./kv-events/stream.js";
import { checkedOptions, type ReplicaSettings, type SimulatedReplicaOptions } from "./options.js";

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
  /**
   * Answers what a vLLM server answers (docs/simulator.md lists the paths). Rejects with a TypeError, as the global `fetch` does, when a fault
   * closes the connection.
   */
  fetch(request: Request): Promise<Response>;
  /**
   * Makes something go wrong from now on. Returns what ends it.
   * @throws TypeError or RangeError that names the field which is wrong.
   */
  inject(fault: Fault): () => void;
  /** Ends all requests, streams with an error, and refuses all others from then on; leaves no timer. */
  close(): void;
}

/** @throws TypeError or RangeError for an option that is wrong. */
export function simulatedReplica(options: SimulatedReplicaOptions = {}): SimulatedReplica {
  return replicaWithEvents(options);
}

export function replicaWithEvents(options: SimulatedReplicaOptions): ReplicaWithEvents {
  return new Replica(checkedOptions(options));
}

/** One whose events are passed on by more ways than its own. */
export interface ReplicaWithEvents extends SimulatedReplica {
  /** Called now and after each restart with the events of the run that begins. */
  onStart(start: (events: KvEventLog) => void): void;
}

interface Route {
  readonly methods: readonly string[];
  answer(request: Request): Response | Promise<Response>;
}

const GET = ["GET", "HEAD"];
const POST = ["POST"];

class Replica implements ReplicaWithEvents {
  readonly model: string;
  readonly #settings: ReplicaSettings;
  readonly #served: Served;
  readonly #vocabulary = new Vocabulary();
  readonly #faults: FaultSchedule;
  readonly #starts: ((events: KvEventLog) => void)[] = [];
  #instance: Instance;
  /** Requests whose bodies are being read. */
  #reading = 0;
  #requests = 0;
  #closed = false;

  constructor(settings: ReplicaSettings) {
    const { model, adapters, clock, speed, tokenizer, detokenizer } = settings;
    const seen = (tokens: readonly number[]) => this.#vocabulary.textOf(tokens);
    const textOf = detokenizer ?? (tokenizer === null ? seen : noWayBack);
    this.model = model;
    this.#settings = settings;
    this.#served = { model, adapters, tokenizer: tokenizer ?? tokenize, textOf };
    this.#faults = new FaultSchedule(clock, speed, () => this.#restart());
    this.#instance = new Instance(settings, this.#faults);
    for (const fault of settings.faults) this.#faults.add(fault);
  }

  get stats(): ReplicaStats {
    const { running, waiting, pool, counters } = this.#instance.engine;
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
    try {
      if (pathname !== "/admin/faults") {
        await this.#faults.held(pathname, request.signal);
        const failed = this.#failure(pathname);
        if (failed !== null) return failed;
        if (this.#closed) return unavailable("The replica is closed.");
      }
      return await this.#answer(request, pathname);
    } catch (error) {
      if (error instanceof RequestError) return error.toResponse();
      throw error;
    }
  }

  inject(fault: Fault): () => void {
    if (this.#closed) throw new TypeError("the replica is closed");
    const id = this.#faults.add(checkedFault(fault, "fault"));
    return () => void this.#faults.remove(id);
  }

  onStart(start: (events: KvEventLog) => void): void {
    this.#starts.push(start);
    if (this.#instance.kvEvents !== null) start(this.#instance.kvEvents);
  }

  close(): void {
    this.#closed = true;
    this.#faults.clear();
    this.#instance.stop(new Error("the replica was closed"));
  }

  /** What a fault makes of a request that comes now. */
  #failure(path: string): Response | null {
    if (this.#faults.meet("refuse", path) !== null || this.#faults.meet("restart", path) !== null) {
      throw new ConnectionCut("the replica refuses connections");
    }
    const fault = this.#faults.meet("status", path);
    if (fault === null) return null;
    const { status = 503, message = `The replica answers ${status}, as it was told to.` } = fault;
    return status === 503 ? unavailable(message) : errorResponse(status, message, { code: status });
  }

  #restart(): void {
    if (this.#closed) return;
    const before = this.#instance;
    this.#instance = new Instance(this.#settings, this.#faults);
    before.stop(new ConnectionCut("the replica restarts"));
    const { kvEvents } = this.#instance;
    if (kvEvents !== null) for (const start of this.#starts) start(kvEvents);
  }

  get #ongoing(): number {
    return this.#reading + this.#instance.generations.size;
  }

  async #answer(request: Request, pathname: string): Promise<Response> {
    const route = Object.hasOwn(this.#routes, pathname) ? this.#routes[pathname] : undefined;
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
    return route.answer(request);
  }

  readonly #routes: Readonly<Record<string, Route>> = {
    ...Object.fromEntries(
      Object.entries(GENERATION_APIS).map(([path, api]): [string, Route] => [
        path,
        { methods: POST, answer: (request) => this.#generate(request, path, api) },
      ]),
    ),
    "/v1/embeddings": { methods: POST, answer: (request) => this.#pool(request, "embd-", embeddingsAnswer) },
    "/v1/rerank": { methods: POST, answer: (request) => this.#pool(request, "rerank-", rerankAnswer) },
    "/v1/models": {
      methods: GET,
      answer: () => Response.json(modelList(this.#served, this.#settings.profile.maxModelLen)),
    },
    "/tokenize": { methods: POST, answer: (request) => this.#tokenize(request) },
    "/detokenize": {
      methods: POST,
      answer: async (request) => Response.json(detokenizeAnswer(await this.#body(request), this.#served)),
    },
    "/health": { methods: GET, answer: () => new Response(null, { status: 200 }) },
    "/ping": { methods: [...GET, ...POST], answer: () => new Response(null, { status: 200 }) },
    "/version": { methods: GET, answer: () => Response.json({ version: "simulated" }) },
    "/load": { methods: GET, answer: () => Response.json({ server_load: this.#load }) },
    "/metrics": { methods: GET, answer: () => this.#metrics() },
    "/kv_events": { methods: ["GET"], answer: (request) => this.#kvEvents(request) },
    "/reset_prefix_cache": { methods: POST, answer: () => this.#resetCache() },
    "/admin/faults": {
      methods: ["GET", "POST", "DELETE"],
      answer: (request) => faultsAnswer(request, this.#faults, this.#settings.maxBodyBytes),
    },
  };

  async #generate(request: Request, path: string, api: GenerationApi): Promise<Response> {
    const { maxOngoingRequests, clock } = this.#settings;
    const instance = this.#instance;
    if (this.#ongoing >= maxOngoingRequests) {
      return unavailable(`The replica has ${this.#ongoing} requests, as many as it takes.`);
    }
    let generation: GenerationRequest;
    this.#reading++;
    try {
      generation = api.read(await this.#body(request), this.#served);
      checkLength(generation, instance.maxTotalTokens, api.param);
    } catch (error) {
      if (error instanceof RequestError) return api.refusal(error);
      throw error;
    } finally {
      this.#reading--;
    }
    if (this.#closed) return unavailable("The replica is closed.");
    if (instance !== this.#instance) throw new ConnectionCut("the replica has restarted");
    const head = {
      id: this.#id(request, api.prefix),
      created: Math.floor(clock.now() / 1000),
      model: generation.model,
    };
    const cut = this.#faults.meet("cut", path);
    return respond(generation, {
      driver: instance.driver,
      metrics: instance.metrics,
      tokenizer: this.#served.tokenizer,
      maxTotalTokens: instance.maxTotalTokens,
      cutAfterTokens: cut === null ? null : (cut.afterTokens ?? 3),
      format: api.format(head, generation),
      signal: request.signal,
      onBegin: (begun) => instance.generations.add(begun),
      onEnd: (ended) => instance.generations.delete(ended),
    });
  }

  async #body(request: Request): Promise<Record<string, unknown>> {
    return parseJsonObject(await readBody(request, this.#settings.maxBodyBytes).catch(refuseBroken));
  }

  #id({ headers }: Request, prefix: string): string {
    return prefix + (headers.get("x-request-id") ?? ++this.#requests);
  }

  /** What takes no step of the engine. */
  async #pool(
    request: Request,
    prefix: string,
    answer: (body: Record<string, unknown>, served: Served, id: string) => object,
  ): Promise<Response> {
    return Response.json(answer(await this.#body(request), this.#served, this.#id(request, prefix)));
  }

  async #tokenize(request: Request): Promise<Response> {
    const body = await this.#body(request);
    const seeing = { ...this.#served, tokenizer: (text: string) => this.#vocabulary.tokenize(text) };
    const served = this.#settings.tokenizer === null ? seeing : this.#served;
    return Response.json(tokenizeAnswer(body, served, this.#settings.profile.maxModelLen));
  }

  /** Requests that the server has, as `/load` tells it. */
  get #load(): number {
    const told = this.#faults.active("load");
    return told?.running === undefined && told?.waiting === undefined
      ? this.#ongoing
      : (told.running ?? 0) + (told.waiting ?? 0);
  }

  #metrics(): Response {
    const { metrics, driver } = this.#instance;
    metrics.advance(driver.nowMs);
    return new Response(metrics.expose(), { headers: { "content-type": PROMETHEUS_CONTENT_TYPE } });
  }

  #kvEvents(request: Request): Response {
    const instance = this.#instance;
    if (instance.kvEvents === null) {
      throw new RequestError(404, "This replica tells no KV events: start it with kvEvents.", {
        type: "NotFoundError",
        code: 404,
      });
    }
    return kvEventStream(request, instance.kvEvents, (end) => instance.listening(end));
  }

  /** As vLLM: only when no block is in use; the event goes out with the next step. */
  #resetCache(): Response {
    if (this.#instance.engine.pool.clear()) return new Response(null, { status: 200 });
    return errorResponse(409, "The prefix cache cannot be reset: some of its blocks are in use.", { code: 409 });
  }
}

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
