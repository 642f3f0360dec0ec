import type { Random } from "../../../src/random/index.js";
import { ASSISTANT_BEGINS, chatTurn } from "../../../src/workloads/index.js";
import type { Conversation } from "./index.js";
import type { Writer } from "./writer.js";

const SYSTEM_PROMPTS = 64;

/**
 * The shape of SGLang's `generated-shared-prefix` with its defaults: 64 system prompts of 2,048 tokens, questions of 128, at
 * about four characters a token. Every conversation is one request.
 */
export function* systemPromptConversations(random: Random, writer: Writer): Generator<Conversation> {
  const prompts = Array.from({ length: SYSTEM_PROMPTS }, () => chatTurn("system", writer.prose(6000, 10_000)));
  for (;;) {
    yield [prompts[random.below(SYSTEM_PROMPTS)]! + chatTurn("user", writer.prose(200, 800)) + ASSISTANT_BEGINS];
  }
}
