import { errorBody, relay, sseEvent } from "../protocol/index.js";
import type { Exchange, RequestOutcome } from "./exchange.js";
import type { Answer } from "./forward.js";
import { clientHeaders } from "./headers.js";

/**
 * An answer as the client gets it: its bytes pass as they come, and the exchange ends when the last is passed on, the
 * replica breaks off or the client leaves.
 */
export function deliver(exchange: Exchange, answer: Answer, nameReplica: boolean): Response {
  const { response, replica, outcome } = answer;
  if (exchange.over) {
    void response.body?.cancel().catch(() => {});
    return toNobody();
  }
  const headers = clientHeaders(response.headers);
  if (nameReplica && replica !== null) headers.set("x-warmroute-replica", headerText(replica));
  const streamed = /^text\/event-stream\b/i.test(headers.get("content-type") ?? "");
  // An event may have to be added to a stream that breaks.
  if (streamed) headers.delete("content-length");
  exchange.answered(response.status, streamed);
  const init = { status: response.status, statusText: response.statusText, headers };
  if (response.body === null) {
    exchange.end(outcome);
    return new Response(null, init);
  }
  const body = relay(response.body.getReader(), {
    onPiece: (piece) => exchange.piece(piece),
    onEnd: () => exchange.end(outcome),
    onBreak: () => {
      exchange.end("replica_broke");
      return streamed ? breakEvent() : null;
    },
    onCancel: () => exchange.leave(),
  });
  return new Response(body, init);
}

/** Answers without a replica, at once. */
export function refuse(exchange: Exchange, outcome: RequestOutcome, response: Response): Response {
  exchange.answered(response.status, false);
  exchange.end(outcome);
  return response;
}

/** What is handed over when the client has left. */
export function toNobody(): Response {
  return new Response(null, { status: 499 });
}

/** The empty lines end the event that the replica may have been in the middle of. */
function breakEvent(): Uint8Array {
  const error = errorBody("The replica broke off in the middle of its answer.", {
    type: "upstream_error",
    code: "replica_broke",
  });
  return new TextEncoder().encode(`\n\n${sseEvent(error)}`);
}

/** A replica's id may be any string; what a header cannot carry is percent-encoded. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id.replace(/[\ud800-\udfff]/gu, "\ufffd"));
}
