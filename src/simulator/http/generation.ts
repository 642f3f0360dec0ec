import { SSE_DONE, SSE_HEADERS, sseEvent } from "../../protocol/index.js";
import { Answer } from "../answer.js";
import type { EngineDriver, Submission } from "../driver.js";
import type { Sequence } from "../engine/index.js";
import type { ReplicaMetrics } from "../metrics.js";
import { AnswerBodies, type ChoiceState } from "./answers.js";
import type { GenerationRequest } from "./request.js";

export interface GenerationContext {
  readonly driver: EngineDriver;
  readonly metrics: ReplicaMetrics;
  readonly model: string;
  readonly id: string;
  readonly created: number;
  /** Tokens of prompt and answer together. */
  readonly maxTotalTokens: number;
  /** Called once, when the request is over, however it ended. */
  onEnd(): void;
}

/** Generates what a request asks for and answers it, as one body or as a stream. The client's leaving ends it at once. */
export function generate(
  request: GenerationRequest,
  signal: AbortSignal,
  context: GenerationContext,
): Promise<Response> {
  const bodies = new AnswerBodies(request.kind, context.id, context.created, context.model);
  return request.stream
    ? Promise.resolve(streamed(request, signal, context, bodies))
    : whole(request, signal, context, bodies);
}

function whole(
  request: GenerationRequest,
  signal: AbortSignal,
  context: GenerationContext,
  bodies: AnswerBodies,
): Promise<Response> {
  return new Promise((resolve) => {
    const abort = run(request, context, {
      onToken: () => {},
      onEnd: (choices) => {
        signal.removeEventListener("abort", leave);
        resolve(Response.json(bodies.whole(choices)));
      },
    });
    const leave = () => {
      abort();
      resolve(new Response(null, { status: 499 }));
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}

function streamed(
  request: GenerationRequest,
  signal: AbortSignal,
  context: GenerationContext,
  bodies: AnswerBodies,
): Response {
  const encoder = new TextEncoder();
  let abort = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let opened = false;
      const send = (text: string) => controller.enqueue(encoder.encode(text));
      const leave = () => {
        abort();
        controller.error(signal.reason);
      };
      abort = run(request, context, {
        onToken: (index, text, finishReason) => {
          // As in vLLM, the chunk that opens a chat's answer comes with its first token.
          if (request.kind === "chat" && !opened) send(sseEvent(bodies.opening(index)));
          opened = true;
          send(sseEvent(bodies.chunk(index, text, finishReason)));
        },
        onEnd: (choices) => {
          signal.removeEventListener("abort", leave);
          if (request.includeUsage) send(sseEvent(bodies.usage(choices)));
          send(SSE_DONE);
          controller.close();
        },
      });
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    },
    cancel() {
      abort();
    },
  });
  return new Response(body, { headers: SSE_HEADERS });
}

interface RunCallbacks {
  onToken(index: number, text: string, finishReason: ChoiceState["finishReason"]): void;
  onEnd(choices: readonly ChoiceState[]): void;
}

/** Submits every prompt. Returns what ends them all. */
function run(request: GenerationRequest, context: GenerationContext, callbacks: RunCallbacks): () => void {
  const { driver, metrics } = context;
  const choices: ChoiceState[] = [];
  const submissions: Submission[] = [];
  let open = request.prompts.length;
  request.prompts.forEach((prompt, index) => {
    const answer = new Answer(prompt);
    const natural = request.ignoreEos ? Number.POSITIVE_INFINITY : answer.naturalTokens;
    const limit = request.maxTokens ?? context.maxTotalTokens - prompt.length;
    const outputTokens = Math.min(natural, limit);
    const choice: ChoiceState = {
      text: "",
      promptTokens: prompt.length,
      completionTokens: 0,
      cachedTokens: 0,
      finishReason: null,
    };
    choices.push(choice);
    let lastMs: number | null = null;
    const onToken = (at: number, last: boolean, sequence: Sequence) => {
      const nowMs = driver.now();
      if (lastMs === null) metrics.firstToken(sequence);
      else metrics.token(nowMs - lastMs);
      lastMs = nowMs;
      const text = answer.token(at);
      choice.text += text;
      choice.completionTokens++;
      choice.cachedTokens = sequence.cachedTokens;
      if (last) choice.finishReason = outputTokens === natural ? "stop" : "length";
      callbacks.onToken(index, text, choice.finishReason);
      if (!last) return;
      metrics.ended(sequence, choice.finishReason ?? "length");
      if (--open > 0) return;
      context.onEnd();
      callbacks.onEnd(choices);
    };
    submissions.push(
      driver.submit(
        { prompt, outputTokens, outputToken: (at) => answer.tokenId(at), cacheSalt: request.cacheSalt },
        { onToken },
      ),
    );
  });
  let ended = false;
  return () => {
    if (ended || open === 0) return;
    ended = true;
    for (const submission of submissions) submission.abort();
    metrics.ended(null, "abort");
    context.onEnd();
  };
}
