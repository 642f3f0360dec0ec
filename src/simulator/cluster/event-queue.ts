/** Of events at one time the lower kinds come first; within a kind, in the order in which they were set. */
export const KINDS = {
  /** A request reaches its engine: in the step that begins then, not after it. */
  arrival: 0,
  /** An idle engine begins a step, with all that have arrived at that time. */
  begin: 1,
  stepEnd: 2,
  /** What clients, routers and timers do. */
  rest: 3,
} as const;

export type EventKind = keyof typeof KINDS;

/** Something that happens at a time; `cancelled` when it is not to happen any more. */
export interface Event {
  readonly atMs: number;
  readonly rank: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** What is to happen in virtual time: a binary heap. Setting and taking the next are O(log events). */
export class EventQueue {
  /** The time of the event that runs. */
  nowMs = 0;
  readonly #heap: Event[] = [];
  #set = 0;

  at(atMs: number, kind: EventKind, run: () => void): Event {
    const event = { atMs, rank: KINDS[kind], order: this.#set++, run, cancelled: false };
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
    return event;
  }

  /** Runs the next event; false when there is none. */
  runNext(): boolean {
    const event = this.#take();
    if (event === null) return false;
    if (!event.cancelled) {
      this.nowMs = event.atMs;
      event.run();
    }
    return true;
  }

  #take(): Event | null {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined) return null;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return first;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.rank === b.rank ? a.order < b.order : a.rank < b.rank;
}
