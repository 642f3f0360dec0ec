import { EVERYONE, FIRST, LAST, MATCHED, NO_ROOM, SHORTENED, TAKEN, type TreeCore, WINDOW } from "./core.js";
import { Crossing } from "./crossing.js";
import type { Evictions } from "./evictions.js";

/** Takes texts into the core, piece by piece: walks them and inserts them. */
export class Descent {
  readonly crossing: Crossing;
  readonly #core: TreeCore;
  /** Units that crossed in the last walk; 0 when the first character was enough to end it. */
  #crossed = 0;
  /** The first character of the last text, if anything of it matched; else none. */
  #begun = -1;

  readonly #evictions: Evictions;

  constructor(core: TreeCore, evictions: Evictions) {
    this.#core = core;
    this.#evictions = evictions;
    this.crossing = new Crossing(core.memory, WINDOW);
  }

  /** The next `insertWalked` has no walk to go on from. */
  forget(): void {
    this.#crossed = 0;
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
    // Asked alone, it saves a text that matches nothing from crossing. Texts under one template all begin with one character.
    const first = length > 0 ? text.codePointAt(0)! : this.#begun;
    if (first !== this.#begun && core.begins(first, form & EVERYONE) === 0) return 0;
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
    this.#begun = matched > 0 ? first : -1;
    return matched;
  }

  /** Inserts a text, evicting elsewhere what it needs room for; one that cannot fit even so enters shortened. */
  insert(text: string, tenant: number, timeS: number): void {
    this.#insertFrom(text, 0, tenant, timeS);
  }

  /** As `insert`, of the text that was just walked, beginning where the walk ended. */
  insertWalked(text: string, tenant: number, timeS: number): void {
    const { crossing } = this;
    const crossed = this.#crossed;
    if (crossed === 0) {
      this.insert(text, tenant, timeS);
      return;
    }
    const form = MATCHED | crossing.form | (crossed === text.length ? LAST : 0);
    const answer = this.#settle(this.#core.insert(crossing.units, form, tenant, timeS));
    if (answer !== SHORTENED && crossed < text.length) this.#insertFrom(text, crossed, tenant, timeS);
  }

  #insertFrom(text: string, start: number, tenant: number, timeS: number): void {
    const core = this.#core;
    const { crossing } = this;
    const length = text.length;
    let form = start === 0 ? FIRST : 0;
    let from = start;
    do {
      const units = crossing.write(text, from);
      from += units;
      if (from === length) form |= LAST;
      const answer = core.insert(units, form | crossing.form, tenant, timeS);
      if (answer !== TAKEN && this.#settle(answer) === SHORTENED) return;
      form = 0;
    } while (from < length);
  }

  /** Makes room until the core has what it asks for. */
  #settle(answer: number): number {
    let settled = answer;
    while (settled === NO_ROOM) {
      const tenant = this.#core.insert_make_room() >>> 0;
      if (tenant !== 0) this.#evictions.note(tenant, "pressure");
      settled = this.#core.insert_retry(tenant === 0 ? 1 : 0);
    }
    return settled;
  }
}
