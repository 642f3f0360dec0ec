/** What an answer says of its tokens; null for what it does not say. */
export interface TokenUsage {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** Tokens of the prompt that the engine had in its prefix cache. */
  readonly cachedTokens: number | null;
}

/** More than any `usage` and what comes after it. */
const TAIL_BYTES = 4096;

/**
 * Reads `usage` from the end of an answer, JSON or a stream of events, whose pieces pass by: only the last few kilobytes are held.
 */
export class UsageTail {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
    while (this.#bytes - this.#pieces[0]!.byteLength >= TAIL_BYTES) this.#bytes -= this.#pieces.shift()!.byteLength;
  }

  /** How much is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is held; a character that is cut at its beginning is none. */
  text(): string {
    const decoder = new TextDecoder();
    if (this.#pieces.length === 1) return decoder.decode(this.#pieces[0]);
    return this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
  }

  /** Null when there is none. */
  read(): TokenUsage | null {
    const text = this.text();
    // Quotes inside strings are escaped: only a field's own name looks like this.
    for (let at = text.lastIndexOf(NAME); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(NAME, at - 1)) {
      BRACE.lastIndex = at + NAME.length;
      if (BRACE.test(text)) return usageOf(firstObject(text, BRACE.lastIndex - 1));
    }
    return null;
  }
}

const NAME = '"usage"';
/** After the name. */
const BRACE = /\s*:\s*\{/y;

/** OpenAI's `usage` of completions and chats, of Responses, and Anthropic's. */
function usageOf(usage: Readonly<Record<string, unknown>> | null): TokenUsage | null {
  if (usage === null) return null;
  const details = (usage.prompt_tokens_details ?? usage.input_tokens_details) as
    | { cached_tokens?: unknown }
    | null
    | undefined;
  const cached = count(usage.cache_read_input_tokens);
  const input = count(usage.input_tokens);
  // Anthropic's input_tokens are those that the cache did not serve.
  const sent =
    input === null || cached === null ? input : input + cached + (count(usage.cache_creation_input_tokens) ?? 0);
  return {
    promptTokens: count(usage.prompt_tokens) ?? sent,
    completionTokens: count(usage.completion_tokens) ?? count(usage.output_tokens),
    cachedTokens: count(details?.cached_tokens) ?? cached,
  };
}

function count(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}

/** The object that begins there; null when it does not end. Its strings hold no braces: there are only counts in it. */
function firstObject(text: string, begin: number): Record<string, unknown> | null {
  let close = text.indexOf("}", begin);
  for (let open = text.indexOf("{", begin + 1); open >= 0 && open < close; open = text.indexOf("{", open + 1)) {
    close = text.indexOf("}", close + 1);
  }
  if (close < 0) return null;
  try {
    return JSON.parse(text.slice(begin, close + 1)) as Record<string, unknown>;
  } catch {
    return null;
  }
}
