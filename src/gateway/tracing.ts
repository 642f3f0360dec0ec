import type { Lease } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";
import type {
  OpenTelemetryApi,
  OpenTelemetryAttributes,
  OpenTelemetrySpan,
  OpenTelemetryTracer,
} from "./open-telemetry.js";

/** Hears of requests as they happen. `openTelemetry` makes one. */
export interface Tracing {
  begin(request: TracedRequest): RequestTrace;
}

/** A request that has come. */
export interface TracedRequest {
  readonly method: string;
  /** As it was asked for, without its query. */
  readonly path: string;
  /** The path of the endpoint; null for a path that is none of a replica's. */
  readonly route: string | null;
  readonly headers: HeaderReader;
  readonly requestId: string;
}

/** Hears of one request. */
export interface RequestTrace {
  /** 32 hexadecimal digits; zeros where nothing is traced. */
  readonly traceId: string;
  /** What it asks for. No text of it may be kept. */
  asked(body: Readonly<Record<string, unknown>>, model: string | null): void;
  /** A replica is about to be tried. */
  tried(lease: Lease): void;
  /** Sends the try; headers are to carry where it belongs. */
  send<Result>(headers: HeaderWriter, call: () => Result): Result;
  /** The try came to nothing. */
  gaveUp(why: string | number): void;
  /** The first piece of a stream has come. */
  firstToken(): void;
  /** @param answer what the replica's answer says of itself, as far as it is known; null where there was none. */
  ended(record: RequestRecord, answer: AnsweredWith | null): void;
}

/** What an answer says of itself. */
export interface AnsweredWith {
  readonly id: string | null;
  readonly model: string | null;
  /** Why each generation ended, in the API's own words. */
  readonly finishReasons: readonly string[];
}

/** The client's headers. */
export interface HeaderReader extends Iterable<[name: string, value: string]> {
  get(name: string): string | null;
}

/** The headers that a replica gets. */
export interface HeaderWriter {
  set(name: string, value: string): void;
  delete(name: string): void;
}

/** What may be given beside the API. */
export interface OpenTelemetryOptions {
  /** Default: the API's global one, named `warmroute`. */
  tracer?: OpenTelemetryTracer;
  /** Default: the API's global one. */
  propagation?: OpenTelemetryApi["propagation"];
}

/**
 * Spans by OpenTelemetry's conventions for HTTP and GenAI: one for each request (server), below it one for each replica that is tried
 * (client), whose context goes to the replica. A span that is active when the request comes is its parent, else the one that its headers
 * name. No span has a text of a prompt or an answer, or a key.
 * @param api `@opentelemetry/api`, whose SDK is the caller's to set up.
 */
export function openTelemetry(api: OpenTelemetryApi, options: OpenTelemetryOptions = {}): Tracing {
  if (typeof api?.trace?.getTracer !== "function" || typeof api.context?.with !== "function") {
    throw new TypeError("the first argument must be the module @opentelemetry/api");
  }
  const { tracer = api.trace.getTracer("warmroute"), propagation = api.propagation } = options;
  const tools = { ...pick(api), propagation, tracer };
  return { begin: (request) => new Trace(request, tools) };
}

interface Tools extends Pick<OpenTelemetryApi, "trace" | "context" | "propagation"> {
  readonly tracer: OpenTelemetryTracer;
}

/** The API's members are getters of a module. */
function pick({ trace, context }: OpenTelemetryApi): Pick<OpenTelemetryApi, "trace" | "context"> {
  return { trace, context };
}

const SERVER = 1;
const CLIENT = 2;
const ERROR = { code: 2 };

/** The conventions' words, where they have one; elsewhere it is the last of the path. */
const OPERATIONS: Readonly<Record<string, string>> = {
  "/v1/completions": "text_completion",
  "/v1/chat/completions": "chat",
  "/v1/responses": "chat",
  "/v1/messages": "chat",
};

/** What a request may say as numbers, and the conventions' names for it. */
const ASKED: Readonly<Record<string, string>> = {
  max_tokens: "max_tokens",
  max_completion_tokens: "max_tokens",
  max_output_tokens: "max_tokens",
  temperature: "temperature",
  top_p: "top_p",
  top_k: "top_k",
  seed: "seed",
  n: "choice.count",
  frequency_penalty: "frequency_penalty",
  presence_penalty: "presence_penalty",
};

class Trace implements RequestTrace {
  readonly traceId: string;
  readonly #tools: Tools;
  readonly #context: unknown;
  readonly #span: OpenTelemetrySpan;
  /** Those of the request, for its tries. */
  readonly #asked: Record<string, string | number | boolean>;
  readonly #operation: string | null;
  #model: string | null = null;
  #try: OpenTelemetrySpan | null = null;
  #tries = 0;
  /** Milliseconds, by the runtime's clock: that of the spans. */
  #triedMs = 0;

  constructor({ method, path, route, headers, requestId }: TracedRequest, tools: Tools) {
    this.#tools = tools;
    const { trace, context, propagation, tracer } = tools;
    const active = context.active();
    const parent = trace.getSpan(active) === undefined ? propagation.extract(active, headers, READER) : active;
    this.#operation = route === null ? null : (OPERATIONS[route] ?? route.slice(route.lastIndexOf("/") + 1));
    this.#asked = {
      ...(this.#operation !== null && {
        "gen_ai.operation.name": this.#operation,
        "gen_ai.provider.name": route === "/v1/messages" ? "anthropic" : "openai",
      }),
    };
    const attributes: OpenTelemetryAttributes = {
      "http.request.method": method,
      "url.path": path,
      ...(route !== null && { "http.route": route }),
      ...this.#asked,
      "warmroute.request_id": requestId,
    };
    const name = route === null ? method : `${method} ${route}`;
    this.#span = tracer.startSpan(name, { kind: SERVER, attributes }, parent);
    this.#context = trace.setSpan(parent, this.#span);
    this.traceId = this.#span.spanContext().traceId;
  }

  asked(body: Readonly<Record<string, unknown>>, model: string | null): void {
    const attributes: Record<string, string | number | boolean> = {};
    this.#model = model;
    if (model !== null) attributes["gen_ai.request.model"] = model;
    if (body.stream === true) attributes["gen_ai.request.stream"] = true;
    for (const name in ASKED) {
      const value = body[name];
      if (typeof value === "number") attributes[`gen_ai.request.${ASKED[name]}`] = value;
    }
    Object.assign(this.#asked, attributes);
    this.#span.setAttributes(attributes);
  }

  tried({ replica, decision }: Lease): void {
    const name = this.#model === null ? this.#operation! : `${this.#operation} ${this.#model}`;
    const attributes = {
      ...this.#asked,
      "http.request.method": "POST",
      ...addressOf(replica.url),
      ...(this.#tries > 0 && { "http.request.resend_count": this.#tries }),
      "warmroute.replica": replica.id,
      "warmroute.policy": decision.policy,
      "warmroute.reason": decision.reason,
      "warmroute.match_rate": decision.matchRate,
      "warmroute.matched_chars": decision.matchedChars,
      "warmroute.text_chars": decision.textChars,
    };
    if (this.#tries > 0) this.#span.addEvent("warmroute.retry", { "warmroute.replica": replica.id });
    this.#tries++;
    this.#triedMs = performance.now();
    this.#try = this.#tools.tracer.startSpan(name, { kind: CLIENT, attributes }, this.#context);
  }

  send<Result>(headers: HeaderWriter, call: () => Result): Result {
    const { trace, context, propagation } = this.#tools;
    const within = this.#try === null ? this.#context : trace.setSpan(this.#context, this.#try);
    // What the client sent names its own span; a state without its parent would be of another trace.
    for (const field of propagation.fields()) headers.delete(field);
    propagation.inject(within, headers, WRITER);
    return context.with(within, call);
  }

  gaveUp(why: string | number): void {
    this.#endTry(typeof why === "number" ? why : null, String(why));
  }

  firstToken(): void {
    this.#try?.addEvent("warmroute.first_token");
    this.#try?.setAttributes({ "gen_ai.response.time_to_first_chunk": (performance.now() - this.#triedMs) / 1000 });
  }

  ended(record: RequestRecord, answer: AnsweredWith | null): void {
    const { outcome, status, promptTokens, completionTokens, cachedTokens } = record;
    const answered = outcome === "completed" || outcome === "replica_error";
    this.#try?.setAttributes(
      given({
        "gen_ai.response.id": answer?.id ?? null,
        "gen_ai.response.model": answer?.model ?? null,
        "gen_ai.response.finish_reasons": answer?.finishReasons.length ? [...answer.finishReasons] : null,
        "gen_ai.usage.input_tokens": promptTokens,
        "gen_ai.usage.output_tokens": completionTokens,
        "gen_ai.usage.cache_read.input_tokens": cachedTokens,
      }),
    );
    this.#endTry(status === 499 ? null : status, outcome === "completed" ? null : answered ? String(status) : outcome);
    this.#span.setAttributes(
      given({
        "http.response.status_code": status,
        "warmroute.outcome": outcome,
        "warmroute.replica": record.replica,
        "warmroute.reason": record.reason,
        "warmroute.match_rate": record.matchRate,
        "warmroute.tries": record.tries,
        "warmroute.queue_ms": record.queueMs,
        "warmroute.key": record.key,
        "warmroute.predicted_tokens": record.predictedTokens,
      }),
    );
    // An answer that breaks off has the status that it began with.
    if (outcome === "replica_broke" || outcome === "replica_stalled" || status >= 500) {
      this.#span.setAttributes({ "error.type": answered ? String(status) : outcome });
      this.#span.setStatus(ERROR);
    }
    this.#span.end();
  }

  #endTry(status: number | null, error: string | null): void {
    const span = this.#try;
    if (span === null) return;
    this.#try = null;
    span.setAttributes(given({ "http.response.status_code": status, "error.type": error }));
    if (error !== null) span.setStatus(ERROR);
    span.end();
  }
}

const READER = {
  get: (headers: HeaderReader, name: string): string | undefined => headers.get(name) ?? undefined,
  keys: (headers: HeaderReader): string[] => Array.from(headers, ([name]) => name),
};

const WRITER = {
  set: (headers: HeaderWriter, name: string, value: string): void => headers.set(name, value),
};

function addressOf(url: string | undefined): OpenTelemetryAttributes {
  if (url === undefined) return {};
  const { hostname, port, protocol } = new URL(url);
  return { "server.address": hostname, "server.port": Number(port) || (protocol === "https:" ? 443 : 80) };
}

function given(attributes: Readonly<Record<string, string | number | string[] | null>>): OpenTelemetryAttributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== null),
  ) as OpenTelemetryAttributes;
}
