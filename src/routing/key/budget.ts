/** More than any real body has: what comes after so many values is nothing, so that one that contains itself ends. */
const MOST_VALUES = 100_000;

/** The values that may still be read of one body. */
export class Budget {
  #left = MOST_VALUES;

  get spent(): boolean {
    return this.#left === 0;
  }

  /** False when there are none left. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }
}
