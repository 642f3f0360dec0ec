import { type ChatMessage, RequestError, requirePrompt } from "../../protocol/index.js";
import { tokenize } from "../tokenizer.js";

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
  const limit = kind === "chat" ? (body.max_completion_tokens ?? body.max_tokens) : body.max_tokens;
  return {
    kind,
    prompts: kind === "chat" ? [tokenize(chatText(body))] : promptTokens(body.prompt),
    maxTokens: tokenLimit(limit) ?? (kind === "chat" ? null : COMPLETION_TOKENS),
    ignoreEos: flag(body, "ignore_eos"),
    stream: flag(body, "stream"),
    includeUsage: flag((body.stream_options ?? {}) as Record<string, unknown>, "include_usage"),
    cacheSalt: typeof body.cache_salt === "string" ? body.cache_salt : "",
  };
}

/** ChatML, the template of Qwen's models: tools first. */
function chatText(body: Record<string, unknown>): string {
  const tools =
    Array.isArray(body.tools) && body.tools.length > 0
      ? `<|im_start|>tools\n${JSON.stringify(body.tools)}<|im_end|>\n`
      : "";
  const messages = (body.messages as ChatMessage[]).map(
    (message) => `<|im_start|>${String(message.role)}\n${messageText(message)}<|im_end|>\n`,
  );
  return `${tools}${messages.join("")}<|im_start|>assistant\n`;
}

function messageText({ content, tool_calls: toolCalls }: ChatMessage): string {
  const text = Array.isArray(content)
    ? content.map((part) => (typeof part?.text === "string" ? part.text : "<|image_pad|>")).join("")
    : (content ?? "");
  return toolCalls === undefined ? String(text) : `${text}${JSON.stringify(toolCalls)}`;
}

function promptTokens(prompt: unknown): number[][] {
  if (typeof prompt === "string") return [tokenize(prompt)];
  const list = prompt as (string | number | number[])[];
  if (typeof list[0] === "number") return [list as number[]];
  return (list as (string | number[])[]).map((each) => (typeof each === "string" ? tokenize(each) : each));
}

function tokenLimit(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (!Number.isInteger(value) || (value as number) < 1) throw bad("max_tokens", value, "a whole number, 1 or more");
  return value as number;
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
