import { shown } from "../shown.js";
import type { JournalEvent, JournalHeader } from "./format.js";
import { JournalError } from "./parse.js";

/** Which requests have come and which are over, so that no line is taken for one of another request. Of each it keeps one bit. */
export class Sequence {
  readonly #whole: boolean;
  readonly #come = new NumberSet();
  #highest = -1;
  /** Those that are not over, by `<id>.<try>`. */
  readonly #open = new Set<string>();

  constructor({ whole }: JournalHeader) {
    this.#whole = whole;
  }

  /** @throws JournalError for a request that came before, and for a step or an end of one that never came or is over. */
  take(event: JournalEvent, line: number): void {
    if (!("id" in event)) return;
    const { id, try: attempt = 0 } = event;
    const name = `${id}.${attempt}`;
    const words = attempt === 0 ? `request ${id}` : `request ${id}, try ${attempt},`;
    if (event.do === "route" || event.do === "acquire") {
      if (attempt === 0 ? this.#come.has(id) : this.#open.has(name)) {
        throw new JournalError(line, `${words} comes a second time`);
      }
      if (attempt > 0) this.#mustHaveCome(id, line, event.do);
      this.#come.add(id);
      this.#highest = Math.max(this.#highest, id);
      if (!event.refused) this.#open.add(name);
      return;
    }
    this.#mustHaveCome(id, line, event.do);
    if (this.#come.has(id) && !this.#open.has(name)) {
      throw new JournalError(line, `${shown(event.do)} of ${words} which is over, or never came`);
    }
    if (event.do === "end" || event.do === "leave") this.#open.delete(name);
  }

  /** Those from before a journal that begins later have lower numbers than its own. */
  #mustHaveCome(id: number, line: number, what: string): void {
    if (this.#come.has(id) || (!this.#whole && (this.#highest < 0 || id < this.#highest))) return;
    throw new JournalError(line, `${shown(what)} of request ${id}, which never came`);
  }
}

const WORD_BITS = 32;

/** Whole numbers, by their bits. */
class NumberSet {
  readonly #words = new Map<number, number>();

  add(value: number): void {
    const at = Math.floor(value / WORD_BITS);
    this.#words.set(at, (this.#words.get(at) ?? 0) | (1 << (value % WORD_BITS)));
  }

  has(value: number): boolean {
    const word = this.#words.get(Math.floor(value / WORD_BITS)) ?? 0;
    return ((word >>> (value % WORD_BITS)) & 1) === 1;
  }
}
