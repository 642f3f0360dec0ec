import {
  errorResponse,
  MetricRegistry,
  PROMETHEUS_CONTENT_TYPE,
  parseJsonObject,
  RequestError,
  readBody,
  requirePrompt,
  SSE_DONE,
  SSE_HEADERS,
  sseEvent,
  type Usage,
} from "../../../src/protocol/index.js";
import type { Generated, LlamaEngine } from "./engine.js";

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** What is asked for, checked. */
interface Asked {
  readonly kind: "completions" | "chat";
  readonly tokens: readonly number[];
  readonly outputTokens: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** An engine as an OpenAI-compatible server, with vLLM's names in `/metrics`. */
export function llamaHandler(engine: LlamaEngine, model: string): (request: Request) => Promise<Response> {
  const metrics = engineMetrics(engine, model);
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return new Response(null, { status: 200 });
    if (pathname === "/metrics")
      return new Response(metrics(), { headers: { "content-type": PROMETHEUS_CONTENT_TYPE } });
    if (pathname === "/v1/models")
      return Response.json({
        object: "list",
        data: [{ id: model, object: "model", created: 0, owned_by: "llama.cpp" }],
      });
    const kind = pathname === "/v1/chat/completions" ? "chat" : pathname === "/v1/completions" ? "completions" : null;
    if (kind === null) return errorResponse(404, `There is nothing at ${pathname}.`, { type: "NotFoundError" });
    try {
      const asked = readAsked(parseJsonObject(await readBody(request, MAX_BODY_BYTES)), kind, engine);
      const generated = await engine.generate(asked.tokens, asked.outputTokens);
      return asked.stream ? streamed(generated, asked, model) : await whole(generated, asked, model, request.signal);
    } catch (error) {
      if (error instanceof RequestError) return error.toResponse();
      throw error;
    }
  };
}

function readAsked(body: Record<string, unknown>, kind: "completions" | "chat", engine: LlamaEngine): Asked {
  requirePrompt(body, kind);
  const text = kind === "chat" ? chatText(body.messages as ChatMessage[]) : body.prompt;
  if (typeof text !== "string") throw new RequestError(400, "prompt must be one string here.", { param: "prompt" });
  const tokens = engine.tokenize(text);
  const outputTokens = Number(body.max_completion_tokens ?? body.max_tokens ?? 16);
  if (!(Number.isInteger(outputTokens) && outputTokens >= 1)) {
    throw new RequestError(400, `max_tokens must be a whole number, 1 or more, not ${outputTokens}.`, {
      param: "max_tokens",
    });
  }
  if (outputTokens > engine.room(tokens.length)) {
    throw new RequestError(
      400,
      `The prompt has ${tokens.length} tokens, which leaves no room for ${outputTokens} more.`,
      { param: "prompt" },
    );
  }
  const options = body.stream_options as { include_usage?: boolean } | null | undefined;
  return { kind, tokens, outputTokens, stream: body.stream === true, includeUsage: options?.include_usage === true };
}

interface ChatMessage {
  role: string;
  content?: unknown;
}

function chatText(messages: readonly ChatMessage[]): string {
  return `${messages.map(({ role, content }) => `[${role}] ${String(content ?? "")}\n`).join("")}[assistant] `;
}

async function whole(
  { pieces, ...counted }: Generated,
  { kind }: Asked,
  model: string,
  signal: AbortSignal,
): Promise<Response> {
  let text = "";
  let completionTokens = 0;
  for await (const piece of pieces) {
    text += piece;
    completionTokens++;
    if (signal.aborted) break;
  }
  const choice = kind === "chat" ? { message: { role: "assistant", content: text } } : { text };
  return Response.json({
    ...common(kind, model),
    choices: [{ index: 0, ...choice, logprobs: null, finish_reason: "length" }],
    usage: usage(counted, completionTokens),
  });
}

function streamed({ pieces, ...counted }: Generated, { kind, includeUsage }: Asked, model: string): Response {
  const iterator = pieces[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let completionTokens = 0;
  const chunk = (piece: string, reason: string | null) => {
    const part = kind === "chat" ? { delta: { content: piece } } : { text: piece };
    return sseEvent({
      ...common(kind, model, true),
      choices: [{ index: 0, ...part, logprobs: null, finish_reason: reason }],
    });
  };
  return new Response(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (!done) {
          completionTokens++;
          controller.enqueue(encoder.encode(chunk(value, null)));
          return;
        }
        let end = chunk("", "length");
        if (includeUsage)
          end += sseEvent({ ...common(kind, model, true), choices: [], usage: usage(counted, completionTokens) });
        controller.enqueue(encoder.encode(end + SSE_DONE));
        controller.close();
      },
      async cancel() {
        await iterator.return?.();
      },
    }),
    { headers: SSE_HEADERS },
  );
}

function common(kind: "completions" | "chat", model: string, chunk = false) {
  const object = kind === "completions" ? "text_completion" : chunk ? "chat.completion.chunk" : "chat.completion";
  return { id: "llama", object, created: 0, model };
}

function usage({ promptTokens, cachedTokens }: Omit<Generated, "pieces">, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

function engineMetrics(engine: LlamaEngine, model: string): () => string {
  const registry = new MetricRegistry({ model_name: model, engine: "0" });
  const running = registry.gauge("vllm:num_requests_running", "Requests in a slot.");
  const waiting = registry.gauge("vllm:num_requests_waiting", "Requests that wait for a slot.");
  const counted = [
    ["vllm:prefix_cache_queries_total", "Prompt tokens.", () => engine.counters.promptTokens],
    ["vllm:prefix_cache_hits_total", "Prompt tokens that were in a slot's cache.", () => engine.counters.cachedTokens],
    ["vllm:prompt_tokens_total", "Prompt tokens.", () => engine.counters.promptTokens],
    ["vllm:generation_tokens_total", "Tokens generated.", () => engine.counters.generatedTokens],
  ] as const;
  const counters = counted.map(([name, help, read]) => ({ counter: registry.counter(name, help), read, last: 0 }));
  return () => {
    running.set({}, engine.running);
    waiting.set({}, engine.waiting);
    for (const entry of counters) {
      const total = entry.read();
      entry.counter.inc({}, total - entry.last);
      entry.last = total;
    }
    return registry.expose();
  };
}
