/** OpenAI's bodies, as far as they are read or written here; other fields pass untouched. */

export type ContentPart = { type: "text"; text: string } | { type: string; [field: string]: unknown };

export interface ChatMessage {
  role: string;
  content?: string | ContentPart[] | null;
  name?: string;
  tool_calls?: unknown[];
  tool_call_id?: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** How many of the prompt's tokens the engine had in its prefix cache. */
  prompt_tokens_details?: { cached_tokens: number } | null;
}

export type FinishReason = "stop" | "length" | "abort";

/** The logarithms of the tokens' probabilities, as completions give them. */
export interface CompletionLogprobs {
  tokens: string[];
  token_logprobs: number[];
  /** The likeliest tokens of each place. */
  top_logprobs: Record<string, number>[];
  /** Where each token begins in the text, in UTF-16 units. */
  text_offset: number[];
}

export interface TokenLogprob {
  token: string;
  logprob: number;
  /** Of the token, in UTF-8. */
  bytes: number[];
}

/** As chats give them. */
export interface ChatLogprobs {
  content: (TokenLogprob & { top_logprobs: TokenLogprob[] })[];
}

export interface Completion {
  id: string;
  object: "text_completion";
  created: number;
  model: string;
  choices: {
    index: number;
    text: string;
    logprobs: CompletionLogprobs | null;
    finish_reason: FinishReason | null;
    /** vLLM's: the stop string that ended it. */
    stop_reason?: string | null;
  }[];
  usage?: Usage | null;
}

/** A stream's event has the shape of the whole answer, with the new text alone. */
export type CompletionChunk = Completion;

export interface ChatCompletion {
  id: string;
  object: "chat.completion";
  created: number;
  model: string;
  choices: {
    index: number;
    message: { role: "assistant"; content: string };
    logprobs: ChatLogprobs | null;
    finish_reason: FinishReason | null;
    stop_reason?: string | null;
  }[];
  usage?: Usage | null;
}

export interface ChatCompletionChunk {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
  choices: {
    index: number;
    delta: { role?: "assistant"; content?: string };
    logprobs: ChatLogprobs | null;
    finish_reason: FinishReason | null;
    stop_reason?: string | null;
  }[];
  usage?: Usage | null;
}

export interface Model {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  root?: string;
  /** The model that a LoRA adapter is for. */
  parent?: string | null;
  max_model_len?: number | null;
}

export interface ModelList {
  object: "list";
  data: Model[];
}
