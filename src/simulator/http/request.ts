import { type ChatMessage, type ContentPart, RequestError, requirePrompt } from "../../protocol/index.js";
import { type Tokenizer, tokenId } from "../../workloads/index.js";

/** What a body asks for, checked. */
export interface GenerationRequest {
  /** The model, or the adapter, that it names. */
  readonly model: string;
  /** The LoRA adapter; empty for none. */
  readonly adapter: string;
  /** One or more prompts, each in tokens. */
  readonly prompts: readonly (readonly number[])[];
  /** What stands before each answer; empty without `echo`. */
  readonly echoes: readonly string[];
  /** Answers a prompt. */
  readonly n: number;
  /** The most tokens to generate; null: as many as the answer has. */
  readonly maxTokens: number | null;
  /** Before so many nothing ends it. */
  readonly minTokens: number;
  readonly ignoreEos: boolean;
  /** What ends an answer where it comes in it. */
  readonly stop: readonly string[];
  readonly includeStop: boolean;
  /** How many tokens of each place are told with their probability; null: none is. */
  readonly logprobs: number | null;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Usage in each piece of a stream. */
  readonly continuousUsage: boolean;
  readonly cacheSalt: string;
}

/** What a replica serves, and how it reads text. */
export interface Served {
  readonly model: string;
  readonly adapters: readonly string[];
  readonly tokenizer: Tokenizer;
  /** The text of tokens that came as numbers. */
  readonly textOf: (tokens: readonly number[]) => string;
}

/** vLLM's default for completions. */
const COMPLETION_TOKENS = 16;
/** vLLM's `max_logprobs`. */
const MOST_LOGPROBS = 20;

/** Fields that change what an answer is like, and that a replica without a model cannot do. */
const REFUSED: readonly (readonly [field: string, message: string])[] = [
  ["suffix", "suffix is not currently supported"],
  ["use_beam_search", "Beam search is not supported: this replica is simulated."],
  ["prompt_logprobs", "prompt_logprobs are not supported: this replica is simulated."],
];

/** @throws RequestError with the status and words of vLLM. */
export function readGenerationRequest(
  body: Record<string, unknown>,
  kind: "completions" | "chat",
  served: Served,
): GenerationRequest {
  requirePrompt(body, kind);
  const { model, adapter } = servedModel(body, served);
  for (const [field, message] of REFUSED) if (body[field] ?? false) throw refused(field, message);
  const limitField =
    kind === "chat" && (body.max_completion_tokens ?? null) !== null ? "max_completion_tokens" : "max_tokens";
  const maxTokens = whole(body, limitField, 1) ?? (kind === "chat" ? null : COMPLETION_TOKENS);
  const stream = flag(body, "stream");
  const options = streamOptions(body);
  if (options !== null && !stream) {
    throw refused("stream_options", "Stream options can only be defined when `stream=True`.");
  }
  const logprobs = logprobCount(body, kind);
  const echo = kind === "completions" && flag(body, "echo");
  if (echo && logprobs !== null) {
    throw refused("logprobs", "logprobs of the prompt (echo) are not supported: this replica is simulated.");
  }
  return {
    model,
    adapter,
    ...(kind === "chat"
      ? { prompts: [served.tokenizer(chatText(body))], echoes: [""] }
      : completionPrompts(body.prompt, served, echo)),
    n: choiceCount(body),
    maxTokens,
    minTokens: leastTokens(body, maxTokens),
    ignoreEos: flag(body, "ignore_eos"),
    stop: stopStrings(body),
    includeStop: flag(body, "include_stop_str_in_output"),
    logprobs,
    stream,
    includeUsage: flag(options ?? {}, "include_usage"),
    continuousUsage: flag(options ?? {}, "continuous_usage_stats"),
    cacheSalt: cacheSalt(body),
  };
}

/**
 * The model that a body names, and whether it is an adapter.
 * @throws RequestError 404 for one that is not served.
 */
export function servedModel(
  { model: named = null }: Record<string, unknown>,
  { model, adapters }: Pick<Served, "model" | "adapters">,
): { model: string; adapter: string } {
  if (named === null || named === model) return { model, adapter: "" };
  if (typeof named === "string" && adapters.includes(named)) return { model: named, adapter: named };
  throw new RequestError(404, `The model \`${String(named)}\` does not exist.`, {
    type: "NotFoundError",
    param: "model",
    code: 404,
  });
}

/** ChatML, the template of Qwen's models: tools first. */
export function chatText(body: Record<string, unknown>): string {
  const tools =
    Array.isArray(body.tools) && body.tools.length > 0
      ? `<|im_start|>tools\n${JSON.stringify(body.tools)}<|im_end|>\n`
      : "";
  const messages = (body.messages as ChatMessage[]).map((message) => {
    if (typeof message.role !== "string") throw bad("messages", message, "messages with a role each");
    return `<|im_start|>${message.role}\n${messageText(message)}<|im_end|>\n`;
  });
  return `${tools}${messages.join("")}<|im_start|>assistant\n`;
}

function messageText(message: ChatMessage): string {
  const { content = null, tool_calls: toolCalls = null } = message;
  if (content !== null && typeof content !== "string" && !Array.isArray(content)) {
    throw bad("messages", message, "messages whose content is a string or an array of parts");
  }
  const text = Array.isArray(content) ? content.map(partText).join("") : (content ?? "");
  return toolCalls === null ? text : `${text}${JSON.stringify(toolCalls)}`;
}

/** An image, a sound or whatever else is a short mark that differs with its content, so that different ones share no cache. */
function partText(part: ContentPart | null): string {
  return typeof part?.text === "string" ? part.text : `<|part_${tokenId(JSON.stringify(part))}|>`;
}

function completionPrompts(
  prompt: unknown,
  { tokenizer, textOf }: Served,
  echo: boolean,
): { prompts: readonly (readonly number[])[]; echoes: readonly string[] } {
  return {
    prompts: promptTokens(prompt, tokenizer),
    echoes: promptList(prompt).map((each) => (!echo ? "" : typeof each === "string" ? each : textOf(each))),
  };
}

/** The tokens of one or several texts, or of what is in tokens already. */
export function promptTokens(prompt: unknown, tokenizer: Tokenizer): (readonly number[])[] {
  return promptList(prompt).map((each) => (typeof each === "string" ? tokenizer(each) : each));
}

function promptList(prompt: unknown): readonly (string | readonly number[])[] {
  if (typeof prompt === "string") return [prompt];
  const list = prompt as (string | number | number[])[];
  return typeof list[0] === "number" ? [list as number[]] : (list as (string | number[])[]);
}

/** With vLLM's rule that answers without chance would all be one. */
function choiceCount(body: Record<string, unknown>): number {
  const n = whole(body, "n", 1) ?? 1;
  if (n > 1 && body.temperature === 0) throw refused("n", `n must be 1 when using greedy sampling, got ${n}.`);
  return n;
}

function leastTokens(body: Record<string, unknown>, maxTokens: number | null): number {
  const minTokens = whole(body, "min_tokens", 0) ?? 0;
  if (maxTokens !== null && minTokens > maxTokens) {
    throw refused("min_tokens", `min_tokens must be less than or equal to max_tokens=${maxTokens}, got ${minTokens}.`);
  }
  return minTokens;
}

function stopStrings({ stop = null }: Record<string, unknown>): readonly string[] {
  if (stop === null) return [];
  const list: unknown[] = Array.isArray(stop) ? stop : [stop];
  if (!list.every((each) => typeof each === "string")) throw bad("stop", stop, "a string or an array of strings");
  if (list.includes("")) throw refused("stop", "stop cannot contain an empty string.");
  return list as string[];
}

/** Completions give a number, chats a switch and a number. */
function logprobCount(body: Record<string, unknown>, kind: "completions" | "chat"): number | null {
  const field = kind === "chat" ? "top_logprobs" : "logprobs";
  const count = whole(body, field, 0);
  if (count !== null && count > MOST_LOGPROBS) {
    throw refused(field, `Requested sample logprobs of ${count}, which is greater than max allowed: ${MOST_LOGPROBS}`);
  }
  if (kind === "completions") return count;
  const asked = flag(body, "logprobs");
  if (count !== null && count > 0 && !asked) {
    throw refused("top_logprobs", "when using `top_logprobs`, `logprobs` must be set to true.");
  }
  return asked ? (count ?? 0) : null;
}

/** A whole number, null when there is none. */
function whole(body: Record<string, unknown>, field: string, least: number): number | null {
  const value = body[field] ?? null;
  if (value === null) return null;
  if (!Number.isInteger(value)) throw bad(field, value, `a whole number, ${least} or more`);
  if ((value as number) < least) throw refused(field, `${field} must be at least ${least}, got ${value}.`);
  return value as number;
}

function streamOptions({ stream_options: options = null }: Record<string, unknown>): Record<string, unknown> | null {
  if (options === null) return null;
  if (typeof options !== "object" || Array.isArray(options)) throw bad("stream_options", options, "an object");
  return options as Record<string, unknown>;
}

function cacheSalt({ cache_salt: salt = null }: Record<string, unknown>): string {
  if (salt === null) return "";
  if (typeof salt !== "string" || salt === "") throw bad("cache_salt", salt, "a string that is not empty");
  return salt;
}

export function flag(body: Record<string, unknown>, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== "boolean") throw bad(name, value, "true or false");
  return value;
}

/** Refuses a value, and says what is accepted. */
export function bad(param: string, value: unknown, accepted: string): RequestError {
  return refused(param, `${param} must be ${accepted}, not ${JSON.stringify(value)}.`);
}

export function refused(param: string, message: string): RequestError {
  return new RequestError(400, message, { type: "BadRequestError", param, code: 400 });
}
