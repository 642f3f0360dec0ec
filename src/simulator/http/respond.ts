import { errorResponse, SSE_DONE, SSE_HEADERS, sseEvent } from "../../protocol/index.js";
import type { AnswerBodies } from "./answers.js";
import { Generation, type GenerationContext, type GenerationListener } from "./generation.js";
import type { GenerationRequest } from "./request.js";

export interface ResponseContext extends GenerationContext {
  readonly bodies: AnswerBodies;
  /** Stops it when the client leaves. */
  readonly signal: AbortSignal;
  /** Called with a generation when it begins. */
  readonly onBegin: (generation: Generation) => void;
  /** Called once when the generation has begun and is over, however it ended. */
  readonly onEnd: (generation: Generation) => void;
}

/** Generates what a request asks for and answers it, as one body or as a stream. */
export function respond(request: GenerationRequest, context: ResponseContext): Promise<Response> {
  return request.stream ? Promise.resolve(streamed(request, context)) : whole(request, context);
}

function whole(request: GenerationRequest, context: ResponseContext): Promise<Response> {
  return new Promise((resolve) => {
    begin(request, context, {
      onText: () => {},
      onComplete: (choices) => resolve(Response.json(context.bodies.whole(choices))),
      onStop: () =>
        resolve(errorResponse(503, "The request was stopped.", { type: "ServiceUnavailableError", code: 503 })),
    });
  });
}

function streamed(request: GenerationRequest, context: ResponseContext): Response {
  const { bodies, signal } = context;
  const encoder = new TextEncoder();
  let generation: Generation;
  let opened = request.kind !== "chat";
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => controller.enqueue(encoder.encode(text));
      generation = begin(request, context, {
        onText(index, text, finishReason) {
          if (!opened) send(sseEvent(bodies.opening()));
          opened = true;
          send(sseEvent(bodies.chunk(index, text, finishReason)));
        },
        onComplete(choices) {
          if (request.includeUsage) send(sseEvent(bodies.usage(choices)));
          send(SSE_DONE);
          controller.close();
        },
        onStop: () => controller.error(signal.aborted ? signal.reason : new Error("the replica was closed")),
      });
    },
    cancel() {
      generation.stop();
    },
  });
  return new Response(body, { headers: SSE_HEADERS });
}

function begin(request: GenerationRequest, context: ResponseContext, listener: GenerationListener): Generation {
  const { signal, onBegin, onEnd } = context;
  const stop = () => generation.stop();
  const end = () => {
    signal.removeEventListener("abort", stop);
    onEnd(generation);
  };
  const generation = new Generation(request, context, {
    onText: listener.onText,
    onComplete(choices) {
      end();
      listener.onComplete(choices);
    },
    onStop() {
      end();
      listener.onStop();
    },
  });
  onBegin(generation);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  return generation;
}
