interface Arrived {
  readonly arrival: number;
}

/** What waits, in the order in which it came first: one put back takes its old place. O(log waiting) but for moving pointers. */
export class WaitingLine<Waiter extends Arrived> {
  readonly #waiters: Waiter[] = [];

  get size(): number {
    return this.#waiters.length;
  }

  add(waiter: Waiter): void {
    this.#waiters.splice(this.ahead(waiter), 0, waiter);
  }

  /** False when it does not wait here. */
  remove(waiter: Waiter): boolean {
    const at = this.ahead(waiter);
    if (this.#waiters[at] !== waiter) return false;
    this.#waiters.splice(at, 1);
    return true;
  }

  first(isRight: (waiter: Waiter) => boolean): Waiter | undefined {
    return this.#waiters.find(isRight);
  }

  /** A copy, so that the line may change meanwhile. */
  all(): Waiter[] {
    return this.#waiters.slice();
  }

  /** How many have come before it. */
  ahead({ arrival }: Waiter): number {
    let low = 0;
    let high = this.#waiters.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#waiters[middle]!.arrival < arrival) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
