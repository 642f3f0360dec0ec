import type { Random } from "../../../src/random/index.js";
import { ASSISTANT_BEGINS, chatTurn } from "../../../src/workloads/index.js";
import type { Conversation } from "./index.js";
import type { Writer } from "./writer.js";

const SYSTEM_PROMPTS = 4;

/** Four shared system prompts; 4 to 11 turns that grow a conversation, a request a turn. */
export function* chatConversations(random: Random, writer: Writer): Generator<Conversation> {
  const prompts = Array.from({ length: SYSTEM_PROMPTS }, () => chatTurn("system", writer.prose(1500, 3000)));
  for (;;) {
    let text = prompts[random.below(SYSTEM_PROMPTS)]!;
    const requests: Conversation = [];
    for (let turns = 4 + random.below(8); turns > 0; turns--) {
      text += chatTurn("user", writer.prose(100, 800));
      requests.push(text + ASSISTANT_BEGINS);
      text += chatTurn("assistant", writer.prose(300, 1200));
    }
    yield requests;
  }
}
