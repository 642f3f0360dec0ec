import { EVERYONE, FIRST, LAST, type TreeCore } from "./core.js";
import { Crossing } from "./crossing.js";

/** Takes texts into the core, piece by piece: walks them and inserts them. */
export class Descent {
  readonly crossing: Crossing;
  readonly #core: TreeCore;
  /** Units that crossed in the last walk; 0 when the first character was enough to end it. */
  #crossed = 0;

  constructor(core: TreeCore) {
    this.#core = core;
    this.crossing = new Crossing(core.memory, core.window());
  }

  /**
   * Follows a text from the root as far as it goes: along nodes of any tenant, or of the candidates in the core.
   * Returns the units matched.
   */
  walk(text: string, everyone: boolean): number {
    const core = this.#core;
    const { crossing } = this;
    const length = text.length;
    let form = FIRST | (everyone ? EVERYONE : 0);
    this.#crossed = 0;
    if (length > 0 && core.begins(text.codePointAt(0)!, form & EVERYONE) === 0) return 0;
    let from = 0;
    let matched: number;
    do {
      const units = crossing.write(text, from);
      from += units;
      if (from === length) form |= LAST;
      matched = core.prefix_match(units, form | crossing.form) >>> 0;
      form &= ~FIRST;
    } while (matched === from && from < length);
    this.#crossed = from;
    return matched;
  }

  /** False when there is no room; then the tree is as before. */
  insert(text: string, tenant: number, timeS: number): boolean {
    return this.#insertFrom(text, 0, tenant, timeS);
  }

  /** As `insert`, of the text that was just walked, beginning where the walk ended. */
  insertWalked(text: string, tenant: number, timeS: number): boolean {
    const { crossing } = this;
    const crossed = this.#crossed;
    if (crossed === 0) return this.insert(text, tenant, timeS);
    const form = crossing.form | (crossed === text.length ? LAST : 0);
    if (this.#core.insert_matched(crossing.units, form, tenant, timeS) === 0) return false;
    return crossed === text.length || this.#insertFrom(text, crossed, tenant, timeS);
  }

  #insertFrom(text: string, start: number, tenant: number, timeS: number): boolean {
    const core = this.#core;
    const { crossing } = this;
    const length = text.length;
    let form = start === 0 ? FIRST : 0;
    let from = start;
    do {
      const units = crossing.write(text, from);
      from += units;
      if (from === length) form |= LAST;
      if (core.insert(units, form | crossing.form, tenant, timeS) === 0) return false;
      form = 0;
    } while (from < length);
    return true;
  }
}
