import { Budget } from "./budget.js";
import { mediaHash } from "./media.js";

// ASCII's separators, which text hardly ever holds: an ASCII body stays ASCII, a byte a unit in the tree.
/** After a message's content; its role follows. */
const ROLE = "\u001e";
/** After a message, and between the parts of one. */
const END = "\u001f";
/** Before what a message has besides its content; JSON follows. */
const FIELD = "\u001d";
/** After the hash of an image, a sound or a file; its kind follows. */
const MEDIA = "\u001c";

/** Deeper than any real body. */
const DEEPEST = 16;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The `structured` rendering: in the order in which chat templates render them, tools and what else shapes the template, system
 * text or instructions, then every message with its content, name, tool calls and role, with separators between them: a word
 * moved from one message to the next is another text. Images, sounds and files are hashes. A prompt is itself.
 *
 * Roles and names come after what they belong to: in front of it, they would be a match of short texts that have nothing in common.
 */
export class StructuredText {
  readonly text: string;
  /** Text of the first message of a user; null when there is none. */
  firstUserText: string | null = null;
  readonly #budget = new Budget();
  /** Joined at the end: a quarter faster than a text that grows, which has to be put together too before it can be read. */
  readonly #pieces: string[] = [];

  /** Chat, Anthropic messages, or Responses. */
  constructor(body: Fields) {
    const { messages, prompt, input, system, instructions } = body;
    if (messages === undefined || messages === null) {
      if (prompt !== undefined && prompt !== null) this.#prompts(prompt);
      else this.#conversation(body, instructions, input);
    } else {
      this.#conversation(body, system, messages);
    }
    this.text = this.#pieces.length === 1 ? this.#pieces[0]! : this.#pieces.join("");
  }

  #prompts(prompt: unknown): void {
    if (typeof prompt === "string") this.#pieces.push(prompt);
    if (!Array.isArray(prompt)) return;
    for (let i = 0; i < prompt.length && this.#budget.take(); i++) {
      if (typeof prompt[i] === "string") this.#pieces.push(i === 0 ? prompt[i] : END + prompt[i]);
    }
  }

  #conversation(body: Fields, system: unknown, messages: unknown): void {
    for (const name of HEAD_FIELDS) {
      const value = body[name];
      if (value !== undefined && value !== null) this.#pieces.push(json(value), ROLE + name + END);
    }
    if (system !== undefined && system !== null) this.#message({ role: "system", content: system });
    if (typeof messages === "string") this.#message(messages);
    if (!Array.isArray(messages)) return;
    for (let i = 0; i < messages.length && !this.#budget.spent; i++) this.#message(messages[i]);
  }

  #message(message: unknown): void {
    if (!this.#budget.take()) return;
    if (typeof message === "string") {
      this.firstUserText ??= message;
      this.#pieces.push(message, tail("user"));
      return;
    }
    if (typeof message !== "object" || message === null) return;
    const { role, type, content, name, tool_call_id, tool_calls, function_call } = message as Fields;
    if (typeof content === "string") {
      if (role === "user") this.firstUserText ??= content;
      this.#pieces.push(content);
    } else if (content !== undefined && content !== null) {
      if (role === "user") this.firstUserText ??= firstText(content);
      this.#content(content, DEEPEST);
    } else if (role === undefined) {
      // An item of Responses that is no message: a call of a function, its output, a reference.
      this.#pieces.push(json(message));
    }
    if (name !== undefined && role !== undefined) this.#pieces.push(FIELD + json(name));
    if (tool_call_id !== undefined) this.#pieces.push(FIELD + json(tool_call_id));
    if (tool_calls !== undefined && tool_calls !== null) this.#pieces.push(FIELD + json(tool_calls));
    if (function_call !== undefined && function_call !== null) this.#pieces.push(FIELD + json(function_call));
    this.#pieces.push(tail(typeof role === "string" ? role : type));
  }

  #content(content: unknown, depth: number): void {
    if (typeof content === "string") this.#pieces.push(content);
    else if (Array.isArray(content)) {
      for (let i = 0; i < content.length && this.#budget.take(); i++) {
        if (i > 0) this.#pieces.push(END);
        this.#part(content[i], depth);
      }
    } else this.#part(content, depth);
  }

  #part(part: unknown, depth: number): void {
    if (typeof part === "string") this.#pieces.push(part);
    if (typeof part !== "object" || part === null || depth === 0) return;
    const { type, text, content } = part as Fields;
    if (typeof text === "string") {
      this.#pieces.push(text);
      return;
    }
    const hash = mediaHash(part as Fields);
    if (hash !== null) this.#pieces.push(hash + MEDIA + (typeof type === "string" ? type : ""));
    else if (content !== undefined) {
      // The result of a tool in Anthropic's shape: its parts may be images.
      this.#pieces.push(FIELD + json((part as Fields).tool_use_id));
      this.#content(content, depth - 1);
    } else this.#pieces.push(FIELD + json(part));
  }
}

/** What shapes the beginning of the rendered prompt besides system text. The history of a previous response is known by its id. */
const HEAD_FIELDS = [
  "tools",
  "functions",
  "documents",
  "chat_template",
  "chat_template_kwargs",
  "previous_response_id",
  "conversation",
];

/** Strings of their own for the usual roles, since joining one takes longer than all the rest of a short message. */
function tail(role: unknown): string {
  switch (role) {
    case "user":
      return "\u001euser\u001f";
    case "assistant":
      return "\u001eassistant\u001f";
    case "system":
      return "\u001esystem\u001f";
    case "tool":
      return "\u001etool\u001f";
    default:
      return typeof role === "string" ? ROLE + role + END : ROLE + END;
  }
}

function firstText(content: unknown): string | null {
  const part = Array.isArray(content) ? content[0] : content;
  if (typeof part === "string") return part;
  const text = (part as { text?: unknown } | null | undefined)?.text;
  return typeof text === "string" ? text : null;
}

/** "" for what JSON cannot say. */
function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
