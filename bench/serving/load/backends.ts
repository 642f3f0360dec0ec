import type { UsageTail } from "../../../src/protocol/index.js";

/** How a kind of server is asked, and what its answers say. */
export interface Backend {
  readonly path: string;
  readonly about: string;
  body(request: GenerationRequest): Record<string, unknown>;
  /** What one event of a stream, or a whole answer, says. */
  read(json: Answer): Piece;
}

export interface GenerationRequest {
  readonly model: string;
  readonly prompt: string;
  readonly outputTokens: number;
  readonly stream: boolean;
  readonly ignoreEos: boolean;
}

/** A piece of an answer. */
export interface Piece {
  readonly hasText: boolean;
  readonly usage: Usage | null;
}

/** Null is what the answer does not say. */
export type Usage = NonNullable<ReturnType<UsageTail["read"]>>;

export type BackendName = "vllm" | "vllm-chat" | "sglang" | "sglang-oai" | "sglang-oai-chat" | "openai" | "openai-chat";

/** The fields of all backends' answers that are looked at. */
interface Answer {
  readonly choices?: readonly {
    readonly text?: string | null;
    readonly delta?: Said | null;
    readonly message?: Said | null;
  }[];
  readonly usage?: OpenAiUsage | null;
  readonly text?: string;
  readonly meta_info?: { prompt_tokens?: number; completion_tokens?: number; cached_tokens?: number };
}

interface Said {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
}

interface OpenAiUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
}

/** SGLang's own interface, and OpenAI's two with and without what vLLM and SGLang add to them. */
export const BACKENDS: Readonly<Record<BackendName, Backend>> = {
  vllm: completions("vLLM's completions", { temperature: 0, best_of: 1 }, true),
  "vllm-chat": chat("vLLM's chat completions", true),
  sglang: {
    path: "/generate",
    about: "SGLang's own interface",
    body: ({ prompt, outputTokens, stream, ignoreEos }) => ({
      text: prompt,
      sampling_params: { temperature: 0, max_new_tokens: outputTokens, ignore_eos: ignoreEos },
      stream,
    }),
    read: ({ text, meta_info: meta }) => ({
      hasText: text !== undefined && text !== "",
      usage:
        meta === undefined
          ? null
          : {
              promptTokens: meta.prompt_tokens ?? null,
              completionTokens: meta.completion_tokens ?? null,
              cachedTokens: meta.cached_tokens ?? null,
            },
    }),
  },
  "sglang-oai": completions("SGLang's completions", { temperature: 0, best_of: 1 }, true),
  "sglang-oai-chat": chat("SGLang's chat completions", true),
  openai: completions("completions of any server that speaks as OpenAI", { temperature: 0 }, false),
  "openai-chat": chat("chat completions of any server that speaks as OpenAI", false),
};

function completions(about: string, fixed: object, hasIgnoreEos: boolean): Backend {
  return {
    path: "/v1/completions",
    about,
    body: (request) => ({ model: request.model, prompt: request.prompt, ...fixed, ...common(request, hasIgnoreEos) }),
    read: readOpenAi,
  };
}

function chat(about: string, hasIgnoreEos: boolean): Backend {
  return {
    path: "/v1/chat/completions",
    about,
    body: (request) => ({
      model: request.model,
      messages: [{ role: "user", content: request.prompt }],
      temperature: 0,
      ...common(request, hasIgnoreEos),
    }),
    read: readOpenAi,
  };
}

function common({ outputTokens, stream, ignoreEos }: GenerationRequest, hasIgnoreEos: boolean): object {
  return {
    max_tokens: outputTokens,
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
    ...(hasIgnoreEos && { ignore_eos: ignoreEos }),
  };
}

function readOpenAi({ choices, usage }: Answer): Piece {
  const choice = choices?.[0];
  const said = choice?.delta ?? choice?.message;
  const text = choice?.text || said?.content || said?.reasoning_content || said?.reasoning;
  return {
    hasText: typeof text === "string" && text !== "",
    usage:
      usage === undefined || usage === null
        ? null
        : {
            promptTokens: usage.prompt_tokens ?? null,
            completionTokens: usage.completion_tokens ?? null,
            cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
          },
  };
}
