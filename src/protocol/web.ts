import type { HttpAnswer, HttpRequest, StopSignal } from "./http.js";
import type { PieceSource } from "./relay.js";

/** The web's object of a request; itself where it is one. */
export function webRequest(request: HttpRequest): Request {
  if (request instanceof Request) return request;
  const { method, url, headers, body } = request;
  const signal = webSignal(request.signal);
  if (body === null) return new Request(url, { method, headers: [...headers], signal });
  const init: RequestInit & { duplex: "half" } = {
    method,
    headers: [...headers],
    signal,
    body: streamOf(body.getReader()),
    duplex: "half",
  };
  return new Request(url, init);
}

/** The web's object of an answer; itself where it is one. */
export function webResponse(answer: HttpAnswer): Response {
  if (answer instanceof Response) return answer;
  const { status, statusText, headers, body } = answer;
  const init = { status, statusText, headers: [...headers] };
  return new Response(body === null ? null : throughRuntime(streamOf(body.getReader())), init);
}

/** An `AbortSignal` that aborts as the other one does; itself where it is one. */
export function webSignal(signal: StopSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return controller.signal;
}

/** One piece is taken from the source when one is asked for, so nothing piles up here. */
export function streamOf(source: PieceSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      start(controller) {
        source.onFailed = (error) => controller.error(error);
      },
      async pull(controller) {
        const { done, value } = await source.read();
        if (!done) controller.enqueue(value as Uint8Array<ArrayBuffer>);
        if (done || source.ended === true) controller.close();
      },
      // The source may be aborted already, which is no concern of who cancels.
      cancel: (reason) => source.cancel(reason).catch(() => {}),
    },
    { highWaterMark: 0 },
  );
}

/**
 * workerd tells a stream of its own when the client has left: a write to it fails. Of one made in JavaScript it may just stop
 * reading (in 6 of 10 tries), and the replica would go on for nobody.
 */
function throughRuntime(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { IdentityTransformStream } = globalThis as {
    IdentityTransformStream?: new () => TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>;
  };
  if (IdentityTransformStream === undefined) return body;
  const { readable, writable } = new IdentityTransformStream();
  body.pipeTo(writable).catch(() => {});
  return readable;
}
