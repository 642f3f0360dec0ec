/** Server-sent events (WHATWG HTML, section 9.2), as OpenAI's streams use them. */

export const SSE_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
});

/** What ends an OpenAI stream. */
export const SSE_DONE = "data: [DONE]\n\n";

export interface SseEvent {
  /** `message` unless the stream names another. */
  event: string;
  /** The data lines, joined by line feeds. */
  data: string;
  /** The last id that the stream has given; empty at first. */
  id: string;
}

/** One event with JSON data. */
export function sseEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** Reads a stream that comes in pieces cut anywhere. Lines end in LF, CR or CRLF; an event ends with an empty line. */
export class SseParser {
  #line = "";
  #afterCr = false;
  #atStart = true;
  #event = "";
  #data: string[] = [];
  #id = "";

  /** The events that the piece completes. */
  push(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text[at]!;
      if (character !== "\n" && character !== "\r") {
        this.#afterCr = false;
        continue;
      }
      if (character === "\n" && this.#afterCr) {
        this.#afterCr = false;
        from = at + 1;
        continue;
      }
      this.#afterCr = character === "\r";
      const event = this.#take(this.#line + text.slice(from, at));
      if (event !== null) events.push(event);
      this.#line = "";
      from = at + 1;
    }
    this.#line += text.slice(from);
    return events;
  }

  #take(whole: string): SseEvent | null {
    const line = this.#atStart && whole.startsWith("\ufeff") ? whole.slice(1) : whole;
    this.#atStart = false;
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch(): SseEvent | null {
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return empty ? null : event;
  }
}
