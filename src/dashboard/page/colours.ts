const COUNT = 8;

/** A colour for each replica, kept for as long as the page is open, whoever comes and goes. */
export class Colours {
  readonly #numbers = new Map<string, number>();

  /** The name of a class that sets `--colour`. */
  of(replica: string): string {
    let number = this.#numbers.get(replica);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(replica, number);
    }
    return `colour-${number % COUNT}`;
  }
}
