/** No id or model has more. */
const MOST_CHARS = 256;
/** Of the first piece: the first event of a stream, or what stands before an answer's `choices`. */
const HEAD_BYTES = 2048;

/** Quotes inside strings are escaped: only a field's own name looks like this. */
const REASON = /"(?:finish_reason|stop_reason)"\s*:\s*"|"response"\s*:\s*\{/;

/**
 * What an answer says of itself: by OpenAI's completions and chats, Responses, and Anthropic's messages, as JSON or a stream of events. It is
 * read from the first piece and from the end, without the text between.
 */
export class AnswerFacts {
  id: string | null = null;
  model: string | null = null;
  readonly #streamed: boolean;
  /** By choice. */
  readonly #reasons = new Map<number, string>();

  constructor(streamed: boolean) {
    this.#streamed = streamed;
  }

  /** Why each generation ended, in the API's own words: `finish_reason`, `stop_reason`, or the status of a response. */
  get finishReasons(): readonly string[] {
    return [...this.#reasons].sort(([a], [b]) => a - b).map(([, reason]) => reason);
  }

  begin(piece: Uint8Array): void {
    const text = new TextDecoder().decode(piece.subarray(0, HEAD_BYTES));
    if (this.#streamed) this.#readEvents(text);
    else this.#takeNames(leadingMembers(text));
  }

  /** @param whole whether the text is all of the answer. */
  end(text: string, whole: boolean): void {
    if (this.#streamed) this.#readEvents(text);
    else if (whole) this.#take(parsed(text));
    else this.#readReasons(text);
  }

  /** An event that is cut is none. Once the names are known those without a reason need no parsing. */
  #readEvents(text: string): void {
    for (const line of text.split(/\r\n|\n|\r/)) {
      const isNew = this.id === null || this.model === null || REASON.test(line);
      if (isNew && line.startsWith("data:")) this.#take(parsed(line.slice(5)));
    }
  }

  /** vLLM has both, and means the first. */
  #readReasons(text: string): void {
    for (const field of ["finish_reason", "stop_reason"]) {
      const found = [...text.matchAll(new RegExp(`"${field}"\\s*:\\s*"([^"\\\\]+)"`, "g"))];
      for (const [i, [, reason]] of found.entries()) this.#setReason(i, reason);
      if (found.length > 0) return;
    }
  }

  #take(event: Fields | null): void {
    if (event === null) return;
    const { response, message, delta, choices } = event;
    const about = fields(response) ?? fields(message) ?? event;
    this.#takeNames(about);
    if (Array.isArray(choices)) {
      choices.forEach((choice: unknown, i) => {
        const { index, finish_reason } = fields(choice) ?? {};
        this.#setReason(typeof index === "number" ? index : i, finish_reason);
      });
    } else if (about.object === "response") {
      const why = fields(about.incomplete_details)?.reason ?? about.status;
      if (why !== "in_progress" && why !== "queued") this.#setReason(0, why);
    } else this.#setReason(0, fields(delta)?.stop_reason ?? about.stop_reason);
  }

  #takeNames({ id, model }: Fields): void {
    this.id ??= name(id);
    this.model ??= name(model);
  }

  #setReason(choice: number, reason: unknown): void {
    const known = name(reason);
    if (known !== null) this.#reasons.set(choice, known);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function name(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, MOST_CHARS) : null;
}

function parsed(text: string): Fields | null {
  try {
    return fields(JSON.parse(text));
  } catch {
    return null;
  }
}

const MEMBER = /\s*"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|[\w.+-]+)\s*,/y;

/** Those of an object that come before the first with a list or an object as its value, and the last of them. */
function leadingMembers(text: string): Fields {
  const members: Record<string, unknown> = {};
  MEMBER.lastIndex = text.indexOf("{") + 1;
  for (let found = MEMBER.exec(text); found !== null; found = MEMBER.exec(text)) {
    const value = parsed(`{"value":${found[2]}}`);
    if (value !== null) members[found[1]!] = value.value;
  }
  return members;
}
