import type { TreeCore } from "./core.js";
import { shown } from "./options.js";

/** What a text is made of: characters, or token ids, which never equal a text. */
export type Alphabet = "text" | "tokens";

/** Names that may be held beyond twice those that were in use when names were last forgotten. */
const SLACK = 64;

/** The namespaces of a tree by name, and the numbers that stand for them in the core. */
export class Namespaces {
  readonly #core: TreeCore;
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();
  readonly #free: number[] = [];
  #last = 0;
  /** How many were left when names were last forgotten. */
  #kept = 0;
  #selected = 0;

  constructor(core: TreeCore) {
    this.#core = core;
  }

  /**
   * Makes the core work in this namespace. Without `create`, false for one that the tree has not, and nothing is selected.
   */
  select(name: string | undefined, alphabet: Alphabet, create: boolean): boolean {
    if (name === undefined && alphabet === "text") {
      if (this.#selected !== 0) this.#selectNumber(0);
      return true;
    }
    return this.#selectNamed(name, alphabet, create);
  }

  #selectNamed(name: string | undefined, alphabet: Alphabet, create: boolean): boolean {
    if (name !== undefined && typeof name !== "string") {
      throw new TypeError(`namespace must be a string, not ${shown(name)}`);
    }
    return this.selectKey(`${alphabet === "text" ? "c" : "t"}${name === undefined ? "" : `:${name}`}`, create);
  }

  /** As `select`, by the key that stands for name and alphabet in a snapshot. */
  selectKey(key: string, create: boolean): boolean {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      if (!create) return false;
      number = this.#add(key);
    }
    if (this.#selected !== number) this.#selectNumber(number);
    return true;
  }

  /** The root of the namespace that is selected, or 0 when nothing is in it. */
  root(): number {
    return this.#core.select_namespace(this.#selected) >>> 0;
  }

  /** The key of a namespace by its number in the core. */
  keyOf(number: number): string {
    return this.#names.get(number)!;
  }

  /** The name and alphabet of a namespace by its number in the core. */
  describe(number: number): { name: string | undefined; alphabet: Alphabet } {
    const key = this.keyOf(number);
    return { name: key.length > 1 ? key.slice(2) : undefined, alphabet: key.startsWith("t") ? "tokens" : "text" };
  }

  #selectNumber(number: number): void {
    this.#core.select_namespace(number);
    this.#selected = number;
  }

  #add(key: string): number {
    if (this.#numbers.size > 2 * this.#kept + SLACK) this.#forget();
    const number = this.#free.pop() ?? ++this.#last;
    this.#numbers.set(key, number);
    this.#names.set(number, key);
    return number;
  }

  /** Drops the names whose root is gone, when there are twice as many as it left the last time: amortised O(1) a name ever added. */
  #forget(): void {
    for (const [key, number] of this.#numbers) {
      this.#selectNumber(number);
      if (this.root() !== 0) continue;
      this.#numbers.delete(key);
      this.#names.delete(number);
      this.#free.push(number);
    }
    this.#kept = this.#numbers.size;
  }
}
