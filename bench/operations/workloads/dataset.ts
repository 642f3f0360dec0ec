import { readFileSync } from "node:fs";
import { ASSISTANT_BEGINS, turn } from "./chat-markup.js";
import { textOfBlocks } from "./hash-trace.js";
import type { Conversation } from "./index.js";

type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * The conversations of a file of JSON (a list) or JSON Lines, a record a conversation:
 *
 * - `messages` with `role` and `content` (OpenAI's), `tools` if there are any; `conversations` with `from` and `value` (ShareGPT's)
 * - `prompt` or `text`: a request as it is, after its `prefix` if it has one
 * - `hash_ids` and `input_length` (Mooncake's traces): text is made up for each block, the same for the same id
 * - `system_prompts` or `prefixes`: no conversation, but what the records below it mean by these names
 *
 * The requests of a conversation are what comes before each of the assistant's turns, in ChatML. Texts are made as they are
 * asked for: the blocks of a trace can be gigabytes.
 * @throws Error that names the file and the record.
 */
export function* readConversations(path: string): Generator<Conversation> {
  const named = new Map<string, string>();
  let found = 0;
  for (const [index, record] of recordsOf(path).entries()) {
    const definitions = record.system_prompts ?? record.prefixes;
    if (isRecord(definitions)) {
      for (const [name, text] of Object.entries(definitions)) named.set(name, String(text));
      continue;
    }
    const requests = requestsOf(record, named);
    if (requests === null) {
      throw new Error(
        `${path}, record ${index + 1}: expected messages, conversations, prompt, text or hash_ids, not ${Object.keys(record).join(", ")}`,
      );
    }
    found += requests.length;
    yield requests;
  }
  if (found === 0) throw new Error(`${path}: no conversation in it`);
}

function recordsOf(path: string): JsonRecord[] {
  const content = readFileSync(path, "utf8");
  const values =
    whole(content) ?? content.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [parse(line, i)]));
  for (const [index, value] of values.entries()) {
    if (!isRecord(value))
      throw new Error(`${path}, record ${index + 1}: expected an object, not ${JSON.stringify(value)}`);
  }
  return values as JsonRecord[];

  function parse(line: string, index: number): unknown {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new Error(`${path}, line ${index + 1}: neither JSON nor JSON Lines: ${(error as Error).message}`);
    }
  }
}

/** The records of a file that is one value of JSON; null when it is not. */
function whole(content: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(content);
    return Array.isArray(value) ? value : [value];
  } catch {
    return null;
  }
}

function requestsOf(record: JsonRecord, named: ReadonlyMap<string, string>): Conversation | null {
  const { messages, conversations, prompt, text, prefix, hash_ids: blocks, input_length: tokens } = record;
  const turns = messages ?? conversations;
  if (Array.isArray(turns)) return promptsOf(turns.filter(isRecord), record.tools, named);
  if (Array.isArray(blocks) && typeof tokens === "number") return [textOfBlocks(blocks.map(Number), tokens)];
  const request = prompt ?? text;
  if (typeof request !== "string") return null;
  return [typeof prefix === "string" ? (named.get(prefix) ?? prefix) + request : request];
}

function promptsOf(turns: readonly JsonRecord[], tools: unknown, named: ReadonlyMap<string, string>): Conversation {
  const requests: Conversation = [];
  let text = hasTools(tools) ? turn("system", typeof tools === "string" ? tools : JSON.stringify(tools)) : "";
  for (const message of turns) {
    const role = roleOf(String(message.role ?? message.from));
    if (role === "assistant") requests.push(text + ASSISTANT_BEGINS);
    const content = contentOf(message.content ?? message.value);
    const calls = message.tool_calls == null ? "" : JSON.stringify(message.tool_calls);
    text += turn(role, (role === "system" ? (named.get(content) ?? content) : content) + calls);
  }
  return requests.length > 0 || text === "" ? requests : [text + ASSISTANT_BEGINS];
}

function hasTools(tools: unknown): boolean {
  return Array.isArray(tools) ? tools.length > 0 : typeof tools === "string" && !["", "[]"].includes(tools.trim());
}

/** ShareGPT's files name their roles in many ways. */
function roleOf(name: string): string {
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

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
