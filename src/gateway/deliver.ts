import { type HeaderList, type HttpAnswer, type PieceSource, type RequestError, relay } from "../protocol/index.js";
import { errorAt, errorEventAt } from "./endpoints.js";
import type { Exchange, RequestOutcome } from "./exchange.js";
import type { Answer } from "./forward.js";
import { clientHeaders, headerText } from "./headers.js";
import { REQUEST_ID } from "./request-id.js";
import type { Settings } from "./settings.js";
import { WaitLimit } from "./wait.js";

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

function bodyOf(
  exchange: Exchange,
  { reader, first, outcome, abort }: Answer,
  streamed: boolean,
  { timeouts, timers, clock }: Settings,
): PieceSource {
  let read = first;
  let stalled = false;
  const limit = new WaitLimit(timeouts.idleMs, clock, timers, () => {
    stalled = true;
    // Ends the read even where the transport ignores its signal.
    void reader!.cancel().catch(() => {});
    abort();
  });
  const source = {
    async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
      if (read !== null) {
        const piece = read;
        read = null;
        return piece;
      }
      // Only while a piece is asked for: a client that is slow to read is no fault of the replica.
      limit.begin();
      try {
        const piece = await reader!.read();
        if (stalled) throw new Error("the answer stalled");
        return piece;
      } finally {
        limit.end();
      }
    },
    cancel: (reason: unknown) => reader!.cancel(reason),
  };
  return relay(source, {
    onPiece: (piece) => exchange.piece(piece),
    onEnd: () => {
      limit.close();
      exchange.end(outcome);
    },
    onBreak: () => {
      limit.close();
      const code = stalled ? "replica_stalled" : "replica_broke";
      exchange.end(code);
      if (!streamed) return null;
      const message = stalled
        ? `The replica sent nothing more for ${timeouts.idleMs} ms.`
        : "The replica broke off in the middle of its answer.";
      return errorEventAt(exchange.path, message, { type: "upstream_error", code });
    },
    onCancel: () => {
      limit.close();
      exchange.leave();
    },
  });
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
  headers.set("x-warmroute-replica", headerText(replica.id));
  headers.set("x-warmroute-policy", headerText(decision.policy));
  headers.set("x-warmroute-reason", decision.reason);
  headers.set("x-warmroute-match", decision.matchRate.toFixed(3));
  headers.set("x-warmroute-tries", String(tries));
  headers.set("x-warmroute-queue-ms", queueMs.toFixed(1));
}
