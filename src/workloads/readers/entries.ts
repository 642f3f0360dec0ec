import { blockText } from "./block-text.js";
import { ASSISTANT_BEGINS, chatTurn } from "./chat-markup.js";
import { DataError, excerpt, isRecord, type JsonRecord, type PlacedRecord, recordsOf } from "./records.js";
import { readTraceRecord } from "./trace-record.js";

/** A prompt of a file, and what the file has as the answer to it. */
export interface EntryRequest {
  readonly prompt: string;
  readonly answer?: string;
}

export interface EntryTurn {
  /** `system`, `user`, `assistant`, `tool`, or the file's own. */
  readonly role: string;
  readonly content: string;
}

/** A record of a file of prompts or conversations. */
export interface Entry {
  /** The conversation's turns; none where the record is one prompt. */
  readonly turns: readonly EntryTurn[];
  /** How many requests it has. */
  readonly count: number;
  /** Name of what the prompt begins with, where the file has several prompts with one beginning. */
  readonly prefix?: string;
  /** Tokens to generate, where the record tells. */
  readonly outputTokens?: number;
  /** Made when asked for: in the expanded form a file of 2 MB can have 30 MB of prompts, a trace's blocks gigabytes. */
  requests(): EntryRequest[];
}

/**
 * The conversations of a text of JSON (a list) or JSON Lines, a record a conversation:
 *
 * - `messages` with `role` and `content` (OpenAI's), `tools` if there are any; `conversations` with `from` and `value` (ShareGPT's)
 * - `prompt` or `text`: a request as it is, after its `prefix` if it has one; `output_len` or `output_tokens`: what to generate
 * - `hash_ids` and `input_length` (Mooncake's traces): text is made up for each block, the same for the same id
 * - `system_prompts` or `prefixes`: no conversation, but what the records below it mean by these names
 *
 * The requests of a conversation are what comes before each of the assistant's turns, in ChatML.
 * @param source names the text in messages.
 * @throws DataError that names source and record.
 */
export function readEntries(text: string, source: string): Entry[] {
  const named = new Map<string, string>();
  const entries: Entry[] = [];
  for (const record of recordsOf(text, source)) {
    const definitions = record.value.system_prompts ?? record.value.prefixes;
    if (isRecord(definitions)) {
      for (const [name, content] of Object.entries(definitions)) named.set(name, String(content));
    } else {
      entries.push(entryOf(record, entries.length, named));
    }
  }
  if (!entries.some(({ count }) => count > 0)) throw new DataError(`${source}: no conversation in it`);
  return entries;
}

function entryOf(record: PlacedRecord, index: number, named: ReadonlyMap<string, string>): Entry {
  const { value, where } = record;
  const messages = value.messages ?? value.conversations;
  if (Array.isArray(messages)) {
    const turns = turnsOf(messages, where, value.tools, named);
    const answers = turns.filter(({ role }) => role === "assistant").length;
    const count = answers > 0 || turns.length === 0 ? answers : 1;
    return { turns, count, requests: () => requestsOfTurns(turns), ...outputTokensOf(record) };
  }
  if (value.hash_ids !== undefined) {
    const { blocks, inputTokens, outputTokens } = readTraceRecord(record, 512);
    return {
      turns: [],
      count: 1,
      outputTokens,
      requests: () => [{ prompt: blockText(blocks, inputTokens, 512, 0, index) }],
    };
  }
  const prompt = value.prompt ?? value.text;
  if (typeof prompt !== "string") {
    const fields = Object.keys(value).join(", ");
    throw new DataError(`${where}: expected messages, conversations, prompt, text or hash_ids, not ${fields}`);
  }
  if (typeof value.prefix !== "string") {
    return { turns: [], count: 1, requests: () => [{ prompt }], ...outputTokensOf(record) };
  }
  const prefix = value.prefix;
  const requests = () => [{ prompt: (named.get(prefix) ?? prefix) + prompt }];
  return { turns: [], count: 1, prefix, requests, ...outputTokensOf(record) };
}

function outputTokensOf({ value, where }: PlacedRecord): { outputTokens?: number } {
  const name = value.output_len === undefined ? "output_tokens" : "output_len";
  const tokens = value[name];
  if (tokens === undefined || tokens === null) return {};
  if (Number.isSafeInteger(tokens) && (tokens as number) >= 1) return { outputTokens: tokens as number };
  throw new DataError(`${where}: ${name} must be a whole number, 1 or more, not ${excerpt(tokens)}`);
}

function requestsOfTurns(turns: readonly EntryTurn[]): EntryRequest[] {
  const requests: EntryRequest[] = [];
  let text = "";
  for (const { role, content } of turns) {
    if (role === "assistant") requests.push({ prompt: text + ASSISTANT_BEGINS, answer: content });
    text += chatTurn(role, content);
  }
  return requests.length > 0 || text === "" ? requests : [{ prompt: text + ASSISTANT_BEGINS }];
}

function turnsOf(
  messages: readonly unknown[],
  where: string,
  tools: unknown,
  named: ReadonlyMap<string, string>,
): EntryTurn[] {
  const turns: EntryTurn[] = [];
  if (hasTools(tools)) {
    turns.push({ role: "system", content: typeof tools === "string" ? tools : JSON.stringify(tools) });
  }
  for (const [i, message] of messages.entries()) {
    if (!isRecord(message)) {
      throw new DataError(`${where}: message ${i + 1} must be an object, not ${excerpt(message)}`);
    }
    const role = roleOf(message, `${where}: message ${i + 1}`);
    const content = contentOf(message.content ?? message.value);
    const calls = message.tool_calls == null ? "" : JSON.stringify(message.tool_calls);
    turns.push({ role, content: (role === "system" ? (named.get(content) ?? content) : content) + calls });
  }
  return turns;
}

function hasTools(tools: unknown): boolean {
  return Array.isArray(tools) ? tools.length > 0 : typeof tools === "string" && !["", "[]"].includes(tools.trim());
}

/** ShareGPT's files name their roles in many ways. */
function roleOf(message: JsonRecord, where: string): string {
  const name = message.role ?? message.from;
  if (typeof name !== "string") throw new DataError(`${where} must have a role, or from, not ${excerpt(message)}`);
  if (["gpt", "chatgpt", "bing", "bard", "model", "function_call"].includes(name)) return "assistant";
  if (name === "human") return "user";
  return ["observation", "function", "function_response"].includes(name) ? "tool" : name;
}

/** A string, or the texts of a list of parts; of a part of another kind its name. */
function contentOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isRecord(part) ? String(part.text ?? `[${part.type}]`) : String(part))).join("");
}
