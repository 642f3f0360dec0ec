import { basename } from "node:path";
import { Random } from "../../../src/random/index.js";
import { agentConversations } from "./agent.js";
import { chatConversations } from "./chat.js";
import { readConversations } from "./dataset.js";
import { interleave } from "./interleave.js";
import { systemPromptConversations } from "./system-prompt.js";
import { CHINESE, ENGLISH, Writer } from "./writer.js";

/** A conversation is the texts of its requests, each of which goes on from the one before. */
export type Conversation = string[];

interface Generated {
  /** One line for `--help`. */
  about: string;
  /** Without end. */
  conversations(random: Random): Iterable<Conversation>;
}

/** The workloads that are made from a seed, by the name that `--workload` takes. */
export const generated: Readonly<Record<string, Generated>> = {
  chat: {
    about: "multi-turn chats under four system prompts, 7,000 characters on average",
    conversations: (random) => chatConversations(random, new Writer(random, ENGLISH)),
  },
  "system-prompt": {
    about: "64 system prompts of 8,000 characters, a question of 500 after each",
    conversations: (random) => systemPromptConversations(random, new Writer(random, ENGLISH)),
  },
  agent: {
    about: "agents at work: 8,000 characters of rules and tools, then calls and their results, 21,000 on average",
    conversations: (random) => agentConversations(random, new Writer(random, ENGLISH)),
  },
  cjk: {
    about: "chat in Chinese with emoji",
    conversations: (random) => chatConversations(random, new Writer(random, CHINESE)),
  },
};

/**
 * The texts of `count` requests in the order in which they reach a router, many conversations at a time. Each call makes
 * strings of their own, in one piece each, as parsing a request's body does. The same arguments give the same texts.
 * @param workload a name of `generated`, or the path of a conversation file, which may have fewer texts than `count`.
 */
export function textsOf(workload: string, count: number, seed: number): string[] {
  const conversations = generated[workload]?.conversations(new Random(seed)) ?? readConversations(workload);
  const texts: string[] = [];
  for (const text of interleave(conversations)) {
    if (texts.length === count) break;
    texts.push(JSON.parse(JSON.stringify(text)) as string);
  }
  return texts;
}

/** The workload's own name, of a file the last part of its path. */
export function shortName(workload: string): string {
  return basename(workload).replace(/\.jsonl?$/, "");
}
