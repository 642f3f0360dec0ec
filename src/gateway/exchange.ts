import { UsageTail } from "../protocol/index.js";
import type { DecisionReason, Lease } from "../routing/index.js";

/**
 * How a request ended; each ends in exactly one of these.
 * - `completed`: a replica answered with a status below 400, and all of the answer was passed on.
 * - `replica_error`: as `completed`, with a status of 400 or more.
 * - `replica_broke`: the answer broke off on its way from the replica.
 * - `no_replica`: no replica had room, by this router's count or by what the replicas said.
 * - `unreachable`: no replica that was tried could be reached.
 * - `bad_request`: refused before a replica was chosen: path, method, size or body.
 * - `draining`: refused because the gateway takes no new work.
 * - `client_left`: the client went away before it had all of the answer.
 * - `internal_error`: the gateway itself failed.
 */
export type RequestOutcome =
  | "completed"
  | "replica_error"
  | "replica_broke"
  | "no_replica"
  | "unreachable"
  | "bad_request"
  | "draining"
  | "client_left"
  | "internal_error";

/** A replica's answer was passed on. */
const ANSWERED: ReadonlySet<RequestOutcome> = new Set(["completed", "replica_error"]);

/** What became of one request. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly outcome: RequestOutcome;
  /** Of the answer; 499 when the client left before there was one. */
  readonly status: number;
  /** The last replica that was tried; null when none was. */
  readonly replica: string | null;
  /** Why that replica was chosen. */
  readonly reason: DecisionReason | null;
  /** Matched characters ÷ characters of the text, 0 to 1, of the last choice. */
  readonly matchRate: number | null;
  /** How many replicas it was sent to. */
  readonly tries: number;
  /** Whether the answer was a stream of events. */
  readonly streamed: boolean;
  /** Milliseconds from the request's arrival to the first bytes of the answer's body; null when there were none. */
  readonly ttftMs: number | null;
  /** Milliseconds from the request's arrival to its end. */
  readonly totalMs: number;
}

/** One request from its arrival to its one outcome, with the lease that it holds meanwhile. */
export class Exchange {
  /** Held for as long as the exchange lasts: in Node the signal of a collected Request never fires. */
  readonly request: Request;
  /** Path and query of its address. */
  readonly target: string;
  readonly #path: string;
  readonly #start = performance.now();
  readonly #upstream = new AbortController();
  readonly #onEnd: (record: RequestRecord) => void;
  #lease: Lease | null = null;
  #tries = 0;
  #status = 499;
  #streamed = false;
  #ttftMs: number | null = null;
  readonly #usage = new UsageTail();
  #over = false;

  constructor(request: Request, onEnd: (record: RequestRecord) => void) {
    this.request = request;
    const { pathname, search } = new URL(request.url);
    this.#path = pathname;
    this.target = pathname + search;
    this.#onEnd = onEnd;
    if (request.signal.aborted) this.leave();
    else request.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborts what is under way upstream when the client leaves. */
  get signal(): AbortSignal {
    return this.#upstream.signal;
  }

  get over(): boolean {
    return this.#over;
  }

  /** A replica was chosen; the lease is released when the exchange ends. The one before it must have been rejected. */
  choose(lease: Lease): void {
    this.#lease = lease;
    this.#tries++;
  }

  /** The head of the answer is known. */
  answered(status: number, streamed: boolean): void {
    this.#status = status;
    this.#streamed = streamed;
  }

  /** A piece of the answer's body was passed on. */
  piece(bytes: Uint8Array): void {
    this.#usage.push(bytes);
    if (this.#ttftMs === null) {
      this.#ttftMs = performance.now() - this.#start;
      // The first bytes of a whole answer are no first token.
      if (this.#streamed) this.#lease?.firstToken();
    }
    this.#lease?.touch();
  }

  leave(): void {
    this.end("client_left");
    this.#upstream.abort(new DOMException("the client left", "AbortError"));
  }

  /** The first outcome counts; later ones have no effect. */
  end(outcome: RequestOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.request.signal.removeEventListener("abort", this.#onAbort);
    const lease = this.#lease;
    lease?.release({ ...this.#usage.read(), ...(!ANSWERED.has(outcome) && { error: new Error(outcome) }) });
    this.#onEnd({
      method: this.request.method,
      path: this.#path,
      outcome,
      status: this.#status,
      replica: lease?.replica.id ?? null,
      reason: lease?.decision.reason ?? null,
      matchRate: lease?.decision.matchRate ?? null,
      tries: this.#tries,
      streamed: this.#streamed,
      ttftMs: this.#ttftMs,
      totalMs: performance.now() - this.#start,
    });
  }

  readonly #onAbort = (): void => this.leave();
}
