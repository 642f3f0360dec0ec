import type { Dispatcher } from "undici";
import type { Backend, Usage } from "./backends.js";
import { EventLines } from "./event-lines.js";

/** An answer that came whole; times in ms by `performance.now()`. */
export interface Answered {
  readonly ok: true;
  /** When each piece with text came; of an answer in one piece, when that was whole. */
  readonly pieceMs: readonly number[];
  readonly endMs: number;
  readonly usage: Usage | null;
}

export interface Failed {
  readonly ok: false;
  readonly endMs: number;
  /** A short text, the same for all that failed of the same. */
  readonly cause: string;
}

const MOST_OF_A_REFUSAL_BYTES = 16_384;

/** Reads one answer as its bytes come in: the handler of a dispatch. */
export class Reading implements Dispatcher.DispatchHandler {
  readonly #backend: Backend;
  readonly #stream: boolean;
  readonly #onEnd: (result: Answered | Failed) => void;
  readonly #onFirstText: ((atMs: number) => void) | undefined;
  readonly #now: () => number;
  readonly #lines = new EventLines();
  readonly #pieceMs: number[] = [];
  /** What is kept of an answer that is no stream. */
  #body: Buffer[] = [];
  #bodyBytes = 0;
  #status = 0;
  #isEvents = false;
  #usage: Usage | null = null;
  #lastMs = 0;
  #done = false;
  #fault: string | null = null;

  constructor(
    backend: Backend,
    stream: boolean,
    onEnd: (result: Answered | Failed) => void,
    onFirstText?: (atMs: number) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#backend = backend;
    this.#stream = stream;
    this.#onEnd = onEnd;
    this.#onFirstText = onFirstText;
    this.#now = now;
  }

  // undici tells handlers of its present interface from those of an older one by this method.
  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    this.#status = status;
    this.#isEvents = String(headers["content-type"]).startsWith("text/event-stream");
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    const now = this.#now();
    this.#lastMs = now;
    if (this.#status === 200 && this.#stream && this.#isEvents) {
      this.#lines.push(chunk, (data) => this.#event(data, now));
    } else if (this.#status === 200 || this.#bodyBytes < MOST_OF_A_REFUSAL_BYTES) {
      this.#body.push(chunk);
      this.#bodyBytes += chunk.length;
    }
  }

  onResponseEnd(): void {
    if (this.#status !== 200) this.#fail(`HTTP ${this.#status}${reasonIn(this.#bodyText())}`);
    else if (this.#fault !== null) this.#fail(this.#fault);
    else if (!this.#stream) this.#whole();
    else if (!this.#isEvents) this.#fail("asked for a stream, and the answer is none");
    else if (this.#pieceMs.length === 0 && (this.#usage?.completionTokens ?? 0) === 0) this.#fail("an empty answer");
    else if (!this.#done) this.#fail("the stream ended before [DONE]");
    else this.#succeed();
  }

  onResponseError(_: unknown, error: Error): void {
    this.#lastMs = this.#now();
    this.#fail(connectionFault(error));
  }

  #event(data: string, now: number): void {
    if (data === "[DONE]") {
      this.#done = true;
      return;
    }
    let json: Record<string, unknown>;
    try {
      json = JSON.parse(data);
    } catch {
      this.#fault ??= "an event that is not JSON";
      return;
    }
    if (json.error !== undefined && json.error !== null) this.#fault ??= `an error in the stream${reasonIn(data)}`;
    const { hasText, usage } = this.#backend.read(json);
    if (usage !== null) this.#usage = usage;
    if (!hasText) return;
    if (this.#pieceMs.length === 0) this.#onFirstText?.(now);
    this.#pieceMs.push(now);
  }

  #whole(): void {
    let json: Record<string, unknown>;
    try {
      json = JSON.parse(this.#bodyText());
    } catch {
      this.#fail("an answer that is not JSON");
      return;
    }
    const { hasText, usage } = this.#backend.read(json);
    if (!hasText) {
      this.#fail("an empty answer");
      return;
    }
    this.#usage = usage;
    this.#pieceMs.push(this.#lastMs);
    this.#onFirstText?.(this.#lastMs);
    this.#succeed();
  }

  #bodyText(): string {
    return Buffer.concat(this.#body).toString("utf8");
  }

  #succeed(): void {
    this.#onEnd({ ok: true, pieceMs: this.#pieceMs, endMs: this.#lastMs, usage: this.#usage });
  }

  #fail(cause: string): void {
    this.#onEnd({ ok: false, endMs: this.#now(), cause });
  }
}

/** ": …" with the message of an error body, or the beginning of a text; empty when there is none. */
function reasonIn(text: string): string {
  let reason = text;
  try {
    const json = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown };
    const error = typeof json.error === "object" ? json.error?.message : json.error;
    reason = String(error ?? json.message ?? json.detail ?? text);
  } catch {}
  const line = reason.replace(/\s+/g, " ").trim().slice(0, 120);
  return line === "" ? "" : `: ${line}`;
}

/** What went wrong with the connection, in words. */
export function connectionFault(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return "the connection was cut";
    case "EMFILE":
      return "no more sockets: raise the limit (ulimit -n), or give --max-concurrency";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no such host";
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return "no answer in time";
    default:
      return message || code || "unknown";
  }
}
