import { errorResponse, SSE_HEADERS } from "../../protocol/index.js";
import type { AnswerFormat } from "./format.js";
import { ConnectionCut, Generation, type GenerationContext, type GenerationListener } from "./generation.js";
import type { GenerationRequest } from "./request.js";

export interface ResponseContext extends GenerationContext {
  readonly format: AnswerFormat;
  /** Stops it when the client leaves. */
  readonly signal: AbortSignal;
  /** Called with a generation when it begins. */
  readonly onBegin: (generation: Generation) => void;
  /** Called once when the generation has begun and is over, however it ended. */
  readonly onEnd: (generation: Generation) => void;
}

/**
 * Generates what a request asks for and answers it, as one body or as a stream. Rejects with ConnectionCut when a whole answer
 * is cut.
 */
export function respond(request: GenerationRequest, context: ResponseContext): Promise<Response> {
  return request.stream ? Promise.resolve(streamed(request, context)) : whole(request, context);
}

function whole(request: GenerationRequest, context: ResponseContext): Promise<Response> {
  return new Promise((resolve, reject) => {
    begin(request, context, {
      onPiece: () => {},
      onComplete: (choices) => resolve(Response.json(context.format.whole(choices))),
      onStop(reason) {
        if (reason instanceof ConnectionCut) reject(reason);
        else resolve(errorResponse(503, "The request was stopped.", { type: "ServiceUnavailableError", code: 503 }));
      },
    });
  });
}

function streamed(request: GenerationRequest, context: ResponseContext): Response {
  const { format } = context;
  const encoder = new TextEncoder();
  let generation: Generation;
  let opened = false;
  /** Why the stream breaks, once what was sent has been read: an error would drop it. */
  let broken: { readonly reason: unknown } | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => {
        if (text !== "") controller.enqueue(encoder.encode(text));
      };
      generation = begin(request, context, {
        onPiece(piece, choices) {
          if (!opened) send(format.open(choices));
          opened = true;
          send(format.piece(piece, choices));
        },
        onComplete(choices) {
          send(format.end(choices));
          controller.close();
        },
        onStop(reason) {
          if (controller.desiredSize === 1) controller.error(reason);
          else broken = { reason };
        },
      });
    },
    pull(controller) {
      if (broken !== null) controller.error(broken.reason);
    },
    cancel(reason) {
      generation.stop(reason);
    },
  });
  return new Response(body, { headers: SSE_HEADERS });
}

function begin(request: GenerationRequest, context: ResponseContext, listener: GenerationListener): Generation {
  const { signal, onBegin, onEnd } = context;
  const stop = () => generation.stop(signal.reason);
  const end = () => {
    signal.removeEventListener("abort", stop);
    onEnd(generation);
  };
  const generation = new Generation(request, context, {
    onPiece: listener.onPiece,
    onComplete(choices) {
      end();
      listener.onComplete(choices);
    },
    onStop(reason) {
      end();
      listener.onStop(reason);
    },
  });
  onBegin(generation);
  if (context.cutAfterTokens === 0) generation.stop(new ConnectionCut("the answer was cut"));
  else if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  return generation;
}
