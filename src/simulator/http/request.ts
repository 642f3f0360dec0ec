import { type ChatMessage, type ContentPart, RequestError, requirePrompt } from "../../protocol/index.js";
import { tokenId, tokenize } from "../../workloads/index.js";

/** What a body asks for, checked. */
export interface GenerationRequest {
  readonly kind: "completions" | "chat";
  /** One or more prompts, each in tokens. */
  readonly prompts: readonly (readonly number[])[];
  /** The most tokens to generate; null: as many as the answer has. */
  readonly maxTokens: number | null;
  readonly ignoreEos: boolean;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly cacheSalt: string;
}

/** vLLM's default for completions. */
const COMPLETION_TOKENS = 16;

/** @throws RequestError with the status and words of vLLM. */
export function readGenerationRequest(
  body: Record<string, unknown>,
  kind: "completions" | "chat",
  model: string,
): GenerationRequest {
  requirePrompt(body, kind);
  if (body.model !== undefined && body.model !== null && body.model !== model) {
    throw new RequestError(404, `The model \`${String(body.model)}\` does not exist.`, {
      type: "NotFoundError",
      param: "model",
      code: 404,
    });
  }
  if ((body.n ?? 1) !== 1) throw bad("n", body.n, "1, since this replica gives one choice a prompt");
  const limitField =
    kind === "chat" && (body.max_completion_tokens ?? null) !== null ? "max_completion_tokens" : "max_tokens";
  return {
    kind,
    prompts: kind === "chat" ? [tokenize(chatText(body))] : promptTokens(body.prompt),
    maxTokens: tokenLimit(body, limitField) ?? (kind === "chat" ? null : COMPLETION_TOKENS),
    ignoreEos: flag(body, "ignore_eos"),
    stream: flag(body, "stream"),
    includeUsage: flag(streamOptions(body), "include_usage"),
    cacheSalt: cacheSalt(body),
  };
}

/** ChatML, the template of Qwen's models: tools first. */
function chatText(body: Record<string, unknown>): string {
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

function promptTokens(prompt: unknown): number[][] {
  if (typeof prompt === "string") return [tokenize(prompt)];
  const list = prompt as (string | number | number[])[];
  if (typeof list[0] === "number") return [list as number[]];
  return (list as (string | number[])[]).map((each) => (typeof each === "string" ? tokenize(each) : each));
}

function tokenLimit(body: Record<string, unknown>, field: string): number | null {
  const value = body[field] ?? null;
  if (value === null) return null;
  if (!Number.isInteger(value) || (value as number) < 1) throw bad(field, value, "a whole number, 1 or more");
  return value as number;
}

function streamOptions({ stream_options: options = null }: Record<string, unknown>): Record<string, unknown> {
  if (options === null) return {};
  if (typeof options !== "object" || Array.isArray(options)) throw bad("stream_options", options, "an object");
  return options as Record<string, unknown>;
}

function cacheSalt({ cache_salt: salt = null }: Record<string, unknown>): string {
  if (salt === null) return "";
  if (typeof salt !== "string" || salt === "") throw bad("cache_salt", salt, "a string that is not empty");
  return salt;
}

function flag(body: Record<string, unknown>, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== "boolean") throw bad(name, value, "true or false");
  return value;
}

function bad(param: string, value: unknown, accepted: string): RequestError {
  return new RequestError(400, `${param} must be ${accepted}, not ${JSON.stringify(value)}.`, {
    type: "BadRequestError",
    param,
    code: 400,
  });
}
