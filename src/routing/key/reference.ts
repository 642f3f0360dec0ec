import { Budget } from "./budget.js";

/** Deeper than any real body, and shallow enough for every call stack. */
const DEEPEST = 64;

/**
 * The `reference` rendering, as Ray Serve LLM's newest router makes it: the contents of `messages`, or of `prompt`, joined
 * without separators, roles and tools. Token ids, images and whatever else is no text are nothing. (`input`, which Ray does not
 * read, is joined in the same way.)
 */
export function referenceText({ messages, prompt, input }: Readonly<Record<string, unknown>>): string {
  const value = messages ?? prompt ?? input;
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  const budget = new Budget();
  let text = "";
  for (const element of value) {
    if (budget.spent) break;
    const isMessage = typeof element === "object" && element !== null && !Array.isArray(element);
    text += contentText(isMessage ? (element as { content?: unknown }).content : element, DEEPEST, budget);
  }
  return text;
}

/** A string is itself, a list its items joined, an object its `text` or else its `content`; anything else is nothing. */
function contentText(value: unknown, depth: number, budget: Budget): string {
  if (!budget.take()) return "";
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || depth === 0) return "";
  if (Array.isArray(value)) {
    let text = "";
    for (let i = 0; i < value.length && !budget.spent; i++) text += contentText(value[i], depth - 1, budget);
    return text;
  }
  const { text, content } = value as { text?: unknown; content?: unknown };
  return typeof text === "string" ? text : contentText(content, depth - 1, budget);
}
