import { RequestError } from "../../protocol/index.js";
import type { GenerationRequest } from "./request.js";

/**
 * @param most tokens of prompt and answer together.
 * @throws RequestError 400, in vLLM's words, for what does not fit, or has no prompt.
 */
export function checkLength({ prompts, maxTokens }: GenerationRequest, most: number, param: string): void {
  const details = { type: "BadRequestError", param, code: 400 };
  for (const { length } of prompts) {
    if (length === 0) throw new RequestError(400, "The prompt must not be empty.", details);
    if (length + (maxTokens ?? 1) > most) throw new RequestError(400, tooLong(most, length, maxTokens), details);
  }
}

function tooLong(most: number, prompt: number, maxTokens: number | null): string {
  const context = `This model's maximum context length is ${most} tokens. However, `;
  if (maxTokens === null || prompt >= most) {
    return `${context}your request has ${prompt} input tokens. Please reduce the length of the input messages.`;
  }
  return (
    `${context}you requested ${prompt + maxTokens} tokens (${prompt} in the messages, ${maxTokens} in the completion). ` +
    "Please reduce the length of the messages or completion."
  );
}
