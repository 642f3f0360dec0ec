import type { PieceSource } from "./relay.js";

/**
 * HTTP as a gateway sees it, without the web's objects: in Node 20 a `Request`, a `Response`, their streams and signals cost several
 * times what is done with them. A `Request` is an `HttpRequest` and a `Response` an `HttpAnswer`.
 */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderFields;
  /** Aborts when the client leaves. */
  readonly signal: StopSignal;
  readonly body: HttpBody | null;
  /** The address of who sent it, as the socket has it; absent where there is none to be seen. */
  readonly client?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderFields;
  readonly body: HttpBody | null;
}

/** Names in small letters; what came several times is joined, as in a `Headers`. */
export interface HeaderFields extends Iterable<[name: string, value: string]> {
  get(name: string): string | null;
}

/** Read once. */
export interface HttpBody {
  getReader(): PieceSource;
}

/** As much of an `AbortSignal` as is used. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal with its controller: what an `AbortController` does, at a tenth of its cost. */
export class Stop implements StopSignal {
  #listeners: (() => void)[] = [];
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Only the first call counts. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.#aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const listeners = this.#listeners;
    const at = listeners.indexOf(listener);
    if (at < 0) return;
    // A splice makes an array of what it takes out.
    for (let i = at + 1; i < listeners.length; i++) listeners[i - 1] = listeners[i]!;
    listeners.pop();
  }
}

/** Headers in the order in which they were set. */
export class HeaderList implements HeaderFields {
  readonly #fields: [string, string][];

  /** @param fields names in small letters, each once but `set-cookie`. */
  constructor(fields: [name: string, value: string][]) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    const at = this.#find(name);
    return at < 0 ? null : this.#fields[at]![1];
  }

  set(name: string, value: string): void {
    const at = this.#find(name);
    if (at < 0) this.#fields.push([name, value]);
    else this.#fields[at] = [name, value];
  }

  /** For a name that is not there yet. */
  add(name: string, value: string): void {
    this.#fields.push([name, value]);
  }

  delete(name: string): void {
    const at = this.#find(name);
    if (at >= 0) this.#fields.splice(at, 1);
  }

  #find(name: string): number {
    for (let i = 0; i < this.#fields.length; i++) if (this.#fields[i]![0] === name) return i;
    return -1;
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#fields[Symbol.iterator]();
  }
}
