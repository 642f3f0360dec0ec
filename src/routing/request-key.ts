/** What a router is asked to route: a text, or a parsed body as it is. */
export type RouteRequest =
  | { text: string }
  | { prompt: unknown }
  | { messages: unknown }
  | Readonly<Record<string, unknown>>;

/** Deeper than any real body, and shallow enough for every call stack. */
const DEEPEST = 64;
/** More than any real body has: what comes after so many values is nothing, so that one that contains itself ends. */
const MOST_VALUES = 100_000;

/**
 * The text that a request is matched by, as Ray Serve LLM's newest router makes it (the `reference` rendering): `text` as it
 * is; else the contents of `messages`, or of `prompt`, joined without separators, roles and tools. Whatever cannot be read is
 * an empty text: this never throws, since a body must not keep a request from being routed.
 */
export function requestText(request: RouteRequest): string {
  try {
    const { text, messages, prompt } = request as { text?: unknown; messages?: unknown; prompt?: unknown };
    if (typeof text === "string") return text;
    return topLevelText(messages ?? prompt);
  } catch {
    return "";
  }
}

/** A string, or a list of strings, parts and messages. */
function topLevelText(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  const budget = { values: MOST_VALUES };
  let text = "";
  for (const element of value) {
    if (budget.values === 0) break;
    const isMessage = typeof element === "object" && element !== null && !Array.isArray(element);
    text += contentText(isMessage ? (element as { content?: unknown }).content : element, DEEPEST, budget);
  }
  return text;
}

/** A string is itself, a list its items joined, an object its `text` or else its `content`; anything else is nothing. */
function contentText(value: unknown, depth: number, budget: { values: number }): string {
  if (budget.values === 0) return "";
  budget.values--;
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || depth === 0) return "";
  if (Array.isArray(value)) {
    let text = "";
    for (let i = 0; i < value.length && budget.values > 0; i++) text += contentText(value[i], depth - 1, budget);
    return text;
  }
  const { text, content } = value as { text?: unknown; content?: unknown };
  return typeof text === "string" ? text : contentText(content, depth - 1, budget);
}
