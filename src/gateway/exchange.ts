import { AnswerFacts, type HttpRequest, Stop, type StopSignal, UsageTail } from "../protocol/index.js";
import type { DecisionReason, Lease } from "../routing/index.js";
import type { Endpoint } from "./endpoints.js";
import type { Attempt } from "./fleet.js";
import type { Key } from "./keys.js";
import { requestIdOf } from "./request-id.js";
import type { RequestTrace } from "./tracing.js";

/**
 * How a request ended; each ends in exactly one of these.
 * - `completed`: a replica answered with a status below 400, and all of the answer was passed on.
 * - `replica_error`: as `completed`, with a status of 400 or more.
 * - `replica_broke`: the answer broke off on its way from the replica.
 * - `replica_stalled`: the answer stopped for longer than `timeouts.idleMs`.
 * - `no_replica`: no replica may be chosen: none that is well, or the replicas themselves said that they are full.
 * - `queue_full`, `queue_timeout`: no replica had room, by this router's count; and no place to wait in, or none in time.
 * - `unreachable`: no replica that was tried could be reached, or gave an answer.
 * - `timed_out`: as `unreachable`, and the last one had not sent a byte within `timeouts.firstByteMs`.
 * - `bad_request`: refused before a replica was chosen: path, method, size, body or model.
 * - `unauthorized`, `rate_limited`: refused for its key, or for what its key has had.
 * - `draining`: refused because the gateway takes no new work.
 * - `client_left`: the client went away before it had all of the answer.
 * - `client_stalled`: the client stayed, and took nothing of the answer for longer than `timeouts.sendMs`.
 * - `internal_error`: the gateway itself failed.
 */
export type RequestOutcome =
  | "completed"
  | "replica_error"
  | "replica_broke"
  | "replica_stalled"
  | "no_replica"
  | "queue_full"
  | "queue_timeout"
  | "unreachable"
  | "timed_out"
  | "bad_request"
  | "unauthorized"
  | "rate_limited"
  | "draining"
  | "client_left"
  | "client_stalled"
  | "internal_error";

/** A model's name is the client's text: no more of it is reported than any real one has. */
const MODEL_CHARS = 256;

/** A replica's answer was passed on. */
const ANSWERED: ReadonlySet<RequestOutcome> = new Set(["completed", "replica_error"]);

/** What became of one request. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  /**
   * The client's address: the socket's, or with `trustedProxies` the one that `X-Forwarded-For` tells; null where neither is to be seen, as for
   * a `fetch` handler.
   */
  readonly client: string | null;
  /** The client's `x-request-id`, or a new one; the answer and the replica have it too. */
  readonly requestId: string;
  /** Of the span; null where nothing is traced. */
  readonly traceId: string | null;
  readonly outcome: RequestOutcome;
  /** Of the answer; 499 when the client left before there was one. */
  readonly status: number;
  /** The one of `models` that it was for; null where there is one router for all, and when it came to none. */
  readonly model: string | null;
  /** As the body names it, known or not, up to 256 characters; null for none. */
  readonly requestModel: string | null;
  /** The name of its key; null where there are none, and for one that is not known. */
  readonly key: string | null;
  /** The last replica that was tried; null when none was. */
  readonly replica: string | null;
  /** Why that replica was chosen. */
  readonly reason: DecisionReason | null;
  /** Matched characters ÷ characters of the text, 0 to 1, of the last choice. */
  readonly matchRate: number | null;
  /** How many replicas it was sent to. */
  readonly tries: number;
  /** Why tries gave no answer, in their order: a name of a failure, or a status. */
  readonly failures: readonly (string | number)[];
  /** Whether the answer was a stream of events. */
  readonly streamed: boolean;
  /** Milliseconds of waiting for a place and choosing, over all tries. */
  readonly queueMs: number;
  /** Milliseconds from the request's arrival to the first bytes of the answer's body; null when there were none. */
  readonly ttftMs: number | null;
  /** Milliseconds from the request's arrival to its end. */
  readonly totalMs: number;
  /** Bytes of the request's body; 0 where it was not read to its end. */
  readonly bytesIn: number;
  /** Bytes of the replica's answer that were passed on, without its head; 0 for an answer of the gateway's own. */
  readonly bytesOut: number;
  /** By the answer's `usage`; null for what it does not tell. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  /** Of the prompt's tokens, those that the tree took for cached; null where it was not asked, or they are not told. */
  readonly predictedTokens: number | null;
}

/** What hears of an exchange. */
export interface ExchangeListener {
  /** Seconds since the piece before it, of a stream. */
  piece(seconds: number): void;
  /** Who has sent it, as `RequestRecord.client` says. */
  clientOf(request: HttpRequest): string | null;
  /** Before anything else; null where nothing is traced. */
  trace(exchange: Exchange): RequestTrace | null;
  ended(record: RequestRecord, exchange: Exchange): void;
}

/** One request from its arrival to its one outcome, with the lease that it holds meanwhile. */
export class Exchange {
  /** Held for as long as the exchange lasts: in Node the signal of a collected Request never fires. */
  readonly request: HttpRequest;
  /** Path and query of its address. */
  readonly target: string;
  readonly path: string;
  /** Null for a path that is none of a replica's. */
  readonly endpoint: Endpoint | null;
  /** When it came, in seconds. */
  readonly startS: number;
  readonly requestId: string;
  readonly trace: RequestTrace | null;
  key: Key | null = null;
  model: string | null = null;
  /** As the body names it. */
  requestModel: string | null = null;
  /** Milliseconds. */
  queueMs = 0;
  bytesIn = 0;
  readonly failures: (string | number)[] = [];
  readonly #clock: () => number;
  readonly #listener: ExchangeListener;
  readonly #left = new Stop();
  #upstream: Stop | null = null;
  #lease: Lease | null = null;
  #attempt: Attempt | null = null;
  #tries = 0;
  #status = 499;
  #streamed = false;
  #ttftMs: number | null = null;
  #lastPieceS = 0;
  #bytesOut = 0;
  #facts: AnswerFacts | null = null;
  readonly #usage = new UsageTail();
  #over = false;

  constructor(
    request: HttpRequest,
    { path, target }: Target,
    endpoint: Endpoint | null,
    clock: () => number,
    listener: ExchangeListener,
  ) {
    this.request = request;
    this.path = path;
    this.target = target;
    this.endpoint = endpoint;
    this.#clock = clock;
    this.startS = clock();
    this.#listener = listener;
    this.requestId = requestIdOf(request.headers);
    this.trace = listener.trace(this);
    if (request.signal.aborted) this.leave();
    else request.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborts when the client leaves. */
  get left(): StopSignal {
    return this.#left;
  }

  get over(): boolean {
    return this.#over;
  }

  get lease(): Lease | null {
    return this.#lease;
  }

  get tries(): number {
    return this.#tries;
  }

  /** The body was read. */
  asked(body: Readonly<Record<string, unknown>>): void {
    if (typeof body.model === "string") this.requestModel = body.model.slice(0, MODEL_CHARS);
    this.trace?.asked(body, this.requestModel);
  }

  /** A replica was chosen; the lease is released when the exchange ends. The one before it must have been rejected. */
  choose(lease: Lease, attempt: Attempt): Stop {
    this.#lease = lease;
    this.#attempt = attempt;
    this.#tries++;
    this.trace?.tried(lease);
    this.#upstream = new Stop();
    return this.#upstream;
  }

  /** The try came to nothing. */
  gaveUp(why: string | number): void {
    this.failures.push(why);
    this.trace?.gaveUp(why);
    this.#attempt = null;
  }

  /** The head of the answer is known. */
  answered(status: number, streamed: boolean): void {
    this.#status = status;
    this.#streamed = streamed;
  }

  /** A piece of the answer's body was passed on. */
  piece(bytes: Uint8Array): void {
    this.#usage.push(bytes);
    this.#bytesOut += bytes.byteLength;
    const nowS = this.#clock();
    if (this.#ttftMs === null) {
      this.#ttftMs = (nowS - this.startS) * 1000;
      if (this.trace !== null) {
        this.#facts = new AnswerFacts(this.#streamed);
        this.#facts.begin(bytes);
      }
      // The first bytes of a whole answer are no first token.
      if (this.#streamed) {
        this.#lease?.firstToken();
        this.trace?.firstToken();
      }
    } else if (this.#streamed) this.#listener.piece(nowS - this.#lastPieceS);
    this.#lastPieceS = nowS;
    this.#lease?.touch();
  }

  /** What the answer has said of itself, once the exchange is over; null where nothing is traced, or nothing came. */
  facts(): AnswerFacts | null {
    this.#facts?.end(this.#usage.text(), this.#usage.bytes === this.#bytesOut);
    return this.#facts;
  }

  leave(): void {
    this.end("client_left");
    this.#left.abort(new DOMException("the client left", "AbortError"));
  }

  /** The first outcome counts; later ones have no effect. */
  end(outcome: RequestOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.request.signal.removeEventListener("abort", this.#onAbort);
    const answered = ANSWERED.has(outcome);
    const lease = this.#lease;
    const usage = this.#usage.read();
    try {
      if (answered) lease?.release(usage ?? undefined);
      else lease?.release({ ...usage, error: new Error(outcome) });
    } catch (error) {
      // A policy of the user's own has failed; the request has ended all the same.
      console.error(error);
    }
    if (answered) this.#attempt?.succeeded();
    else if (outcome === "replica_broke") this.#attempt?.failed("broke");
    else if (outcome === "replica_stalled") this.#attempt?.failed("stalled");
    else this.#attempt?.abandoned();
    if (!answered) this.#upstream?.abort(new DOMException("the exchange is over", "AbortError"));
    const promptTokens = usage?.promptTokens ?? null;
    const decision = lease?.decision ?? null;
    const hit = decision?.hitChosen ?? null;
    this.#listener.ended(
      {
        method: this.request.method,
        path: this.path,
        client: this.#listener.clientOf(this.request),
        requestId: this.requestId,
        traceId: this.trace?.traceId ?? null,
        outcome,
        status: this.#status,
        model: this.model,
        requestModel: this.requestModel,
        key: this.key?.name ?? null,
        replica: lease?.replica.id ?? null,
        reason: decision?.reason ?? null,
        matchRate: decision?.matchRate ?? null,
        tries: this.#tries,
        failures: this.failures,
        streamed: this.#streamed,
        queueMs: this.queueMs,
        ttftMs: this.#ttftMs,
        totalMs: (this.#clock() - this.startS) * 1000,
        bytesIn: this.bytesIn,
        bytesOut: this.#bytesOut,
        promptTokens,
        completionTokens: usage?.completionTokens ?? null,
        cachedTokens: usage?.cachedTokens ?? null,
        predictedTokens:
          promptTokens === null || hit === null || decision!.textChars === 0
            ? null
            : Math.round((hit / decision!.textChars) * promptTokens),
      },
      this,
    );
  }

  readonly #onAbort = (): void => this.leave();
}

/** An address without anything that a URL would have to read. */
const PLAIN = /^https?:\/\/[\w.:-]+(\/[\w/-]*)$/;

/** What is asked for: the path, and the path with the query. */
export interface Target {
  readonly path: string;
  readonly target: string;
}

export function targetOf(url: string): Target {
  const plain = PLAIN.exec(url)?.[1];
  if (plain !== undefined) return { path: plain, target: plain };
  const { pathname, search } = new URL(url);
  return { path: pathname, target: pathname + search };
}
