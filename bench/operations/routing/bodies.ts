import { Random } from "../../../src/random/index.js";

export const MESSAGES = 20;
export const CHARACTERS = 7000;

const SYSTEM_PROMPTS = 4;
const SYSTEM_CHARACTERS = 2000;

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/**
 * Chat bodies as parsing gives them, each in strings of its own: 20 messages of 7,000 characters in all, the first of them one of
 * four system prompts, the rest different in each conversation.
 */
export function chatBodies(count: number, seed: number): ChatBody[] {
  const random = new Random(seed);
  const prompts = Array.from({ length: SYSTEM_PROMPTS }, () => words(random, SYSTEM_CHARACTERS));
  return Array.from({ length: count }, () => {
    const system = { role: "system", content: prompts[random.below(prompts.length)]! };
    const each = Math.floor((CHARACTERS - SYSTEM_CHARACTERS) / (MESSAGES - 1));
    const turns = Array.from({ length: MESSAGES - 1 }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: words(random, each),
    }));
    const body = { model: "Qwen/Qwen2.5-1.5B-Instruct", messages: [system, ...turns] };
    return JSON.parse(JSON.stringify(body)) as ChatBody;
  });
}

function words(random: Random, length: number): string {
  let text = "";
  while (text.length < length) text += `${random.below(36 ** 5).toString(36)} `;
  return text.slice(0, length);
}
