import {
  type HeaderList,
  type HttpAnswer,
  type Piece,
  type PieceSource,
  type RequestError,
  relay,
  type Stop,
} from "../protocol/index.js";
import { errorAt, errorEventAt } from "./endpoints.js";
import type { Exchange, RequestOutcome } from "./exchange.js";
import { type Answer, abandon } from "./forward.js";
import { clientHeaders, headerText } from "./headers.js";
import { REQUEST_ID } from "./request-id.js";
import type { Settings } from "./settings.js";
import type { Wait } from "./wait.js";

/** With these an answer has no body, whatever the replica sends. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * An answer as the client gets it: its bytes pass as they come, and the exchange ends when the last is passed on, the
 * replica breaks off or stalls, or the client leaves.
 */
export function deliver(exchange: Exchange, answer: Answer, settings: Settings): HttpAnswer {
  const { response, outcome } = answer;
  if (exchange.over) {
    void answer.reader?.cancel().catch(() => {});
    return toNobody();
  }
  const headers = clientHeaders(response.headers, settings.upstream.decodes);
  nameRequest(exchange, headers);
  if (settings.replicaHeader && (exchange.key === null || exchange.key.trusted)) tellDecision(exchange, headers);
  const streamed = /^text\/event-stream\b/i.test(headers.get("content-type") ?? "");
  // An event may have to be added to a stream that breaks.
  if (streamed) headers.delete("content-length");
  exchange.answered(response.status, streamed);
  const { status } = response;
  const statusText = reasonOf(response.statusText);
  if (answer.reader === null || WITHOUT_BODY.has(response.status)) {
    void answer.reader?.cancel().catch(() => {});
    // A client would wait for so much of a 205, and take the next answer for it.
    if (status !== 304) headers.delete("content-length");
    exchange.end(outcome);
    return { status, statusText, headers, body: null };
  }
  const source = bodyOf(exchange, answer, streamed, settings);
  return { status, statusText, headers, body: { getReader: () => source } };
}

/** Answers without a replica, at once. */
export function refuse(exchange: Exchange, outcome: RequestOutcome, error: RequestError): Response {
  const { status, message } = error;
  exchange.answered(status, false);
  exchange.end(outcome);
  const answer = errorAt(exchange.path, status, message, error);
  nameRequest(exchange, answer.headers);
  return answer;
}

/** What is handed over when the client has left. */
export function toNobody(): Response {
  return new Response(null, { status: 499 });
}

function bodyOf(exchange: Exchange, answer: Answer, streamed: boolean, settings: Settings): PieceSource {
  const pieces = new AnswerPieces(answer, settings);
  return relay(pieces, {
    onPiece: (piece) => exchange.piece(piece),
    onEnd: () => exchange.end(answer.outcome),
    onBreak: () => {
      if (pieces.untaken) {
        exchange.end("client_stalled");
        return null;
      }
      const code = pieces.stalled ? "replica_stalled" : "replica_broke";
      exchange.end(code);
      if (!streamed) return null;
      const message = pieces.stalled
        ? `The replica sent nothing more for ${settings.timeouts.idleMs} ms.`
        : "The replica broke off in the middle of its answer.";
      return errorEventAt(exchange.path, message, { type: "upstream_error", code });
    },
    onCancel: () => exchange.leave(),
  });
}

/**
 * An answer's body from its first piece on. Each piece has to come from the replica within one limit of being asked for, and to be taken
 * by the client within another: the next one is asked for only then.
 */
class AnswerPieces implements PieceSource {
  onFailed: ((error: Error) => void) | null = null;
  /** The replica has sent nothing for too long. */
  stalled = false;
  /** The client has taken nothing for too long. */
  untaken = false;
  readonly #reader: PieceSource;
  readonly #settings: Settings;
  readonly #stop: Stop;
  /** What was read already. */
  #first: Piece | null;
  /** For the replica while a piece is asked for, for the client when it was given one. */
  #wait: Wait | null = null;

  constructor({ reader, first, stop }: Answer, settings: Settings) {
    this.#reader = reader!;
    this.#first = first;
    this.#stop = stop;
    this.#settings = settings;
  }

  get ended(): boolean {
    return this.#first === null && this.#reader.ended === true;
  }

  takeReady(): Piece | null {
    const first = this.#first;
    if (first !== null) {
      this.#first = null;
      return this.#given(first);
    }
    const piece = this.#reader.takeReady?.() ?? null;
    if (piece === null) return null;
    this.#wait?.end();
    return this.#given(piece);
  }

  read(): Promise<Piece> {
    const ready = this.takeReady();
    return ready === null ? this.#next() : Promise.resolve(ready);
  }

  cancel(reason: unknown): Promise<void> {
    this.#wait?.end();
    return this.#reader.cancel(reason);
  }

  async #next(): Promise<Piece> {
    this.#wait?.end();
    const wait = this.#settings.idleLimit.begin(this.#onStalled);
    this.#wait = wait;
    try {
      const piece = await this.#reader.read();
      wait.end();
      if (this.stalled) throw new Error("the answer stalled");
      return this.#given(piece);
    } catch (error) {
      wait.end();
      throw error;
    }
  }

  #given(piece: Piece): Piece {
    if (!piece.done && this.#reader.ended !== true) this.#wait = this.#settings.sendLimit.begin(this.#onUntaken);
    return piece;
  }

  readonly #onStalled = (): void => {
    this.stalled = true;
    this.#letGo();
  };

  readonly #onUntaken = (): void => {
    this.untaken = true;
    this.#letGo();
    this.onFailed?.(new Error(`the client took nothing for ${this.#settings.timeouts.sendMs} ms`));
  };

  #letGo(): void {
    // Ends the read even where the transport ignores its signal.
    void this.#reader.cancel().catch(() => {});
    abandon(this.#stop);
  }
}

/** A transport may give a reason that `new Response` refuses. */
function reasonOf(statusText: string): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusText) ? statusText : "";
}

/** For those who ask about it later; Anthropic's clients look for it under a name of their own. */
function nameRequest({ requestId, endpoint }: Exchange, headers: Pick<HeaderList, "set">): void {
  headers.set(REQUEST_ID, requestId);
  if (endpoint?.routedBy === "messages") headers.set("request-id", requestId);
}

function tellDecision({ lease, tries, queueMs }: Exchange, headers: HeaderList): void {
  if (lease === null) return;
  const { replica, decision } = lease;
  headers.add("x-warmroute-replica", headerText(replica.id));
  headers.add("x-warmroute-policy", headerText(decision.policy));
  headers.add("x-warmroute-reason", decision.reason);
  headers.add("x-warmroute-match", decision.matchRate.toFixed(3));
  headers.add("x-warmroute-tries", String(tries));
  headers.add("x-warmroute-queue-ms", queueMs.toFixed(1));
}
