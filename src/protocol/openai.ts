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

export interface Completion {
  id: string;
  object: "text_completion";
  created: number;
  model: string;
  choices: { index: number; text: string; logprobs: null; finish_reason: FinishReason | null }[];
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
    logprobs: null;
    finish_reason: FinishReason | null;
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
    logprobs: null;
    finish_reason: FinishReason | null;
  }[];
  usage?: Usage | null;
}

export interface Model {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  root?: string;
  max_model_len?: number;
}

export interface ModelList {
  object: "list";
  data: Model[];
}
