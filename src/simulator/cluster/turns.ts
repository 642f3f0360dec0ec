import type { Random } from "../../random/index.js";
import type { Workload, WorkloadRequest } from "../../workloads/index.js";

/** The requests of a workload that can be sent at a time. */
export interface Turns {
  /** Takes one; null when none can be sent now. */
  take(): WorkloadRequest | null;
  /** The answer has come, and the time to think about it is over. */
  answered(request: WorkloadRequest): void;
}

/** Requests that depend on nothing, in the workload's order. */
export class IndependentTurns implements Turns {
  readonly #workload: Workload;
  #next = 0;

  constructor(workload: Workload) {
    this.#workload = workload;
  }

  take(): WorkloadRequest | null {
    const place = this.#workload.order[this.#next];
    if (place === undefined) return null;
    this.#next++;
    return this.#workload.conversation(place[0])[place[1]]!;
  }

  answered(): void {}
}

/** What counts against the number of open conversations: every one of them, or those that have a turn to send. */
export type OpenCount = "all" | "ready";

/**
 * Conversations, of which so many are open that one with a turn to send can be drawn at random: were the next turn of the one that was
 * answered always sent next, it would find the replica that has just answered the emptiest.
 */
export class ConversationTurns implements Turns {
  readonly #workload: Workload;
  readonly #open: number;
  readonly #counts: OpenCount;
  readonly #random: Random;
  /** With a turn to send. */
  readonly #ready: (readonly WorkloadRequest[])[] = [];
  readonly #turns: number[] = [];
  /** By conversation: those with a turn under way or being thought about. */
  readonly #busy = new Map<number, readonly WorkloadRequest[]>();
  #begun = 0;

  constructor(workload: Workload, open: number, counts: OpenCount, random: Random) {
    this.#workload = workload;
    this.#open = open;
    this.#counts = counts;
    this.#random = random;
  }

  take(): WorkloadRequest | null {
    this.#openMore();
    const { length } = this.#ready;
    if (length === 0) return null;
    const at = this.#random.below(length);
    const requests = this.#ready[at]!;
    const request = requests[this.#turns[at]!]!;
    this.#ready[at] = this.#ready[length - 1]!;
    this.#turns[at] = this.#turns[length - 1]!;
    this.#ready.pop();
    this.#turns.pop();
    this.#busy.set(request.conversation, requests);
    return request;
  }

  answered({ conversation, turn }: WorkloadRequest): void {
    const requests = this.#busy.get(conversation)!;
    this.#busy.delete(conversation);
    if (turn + 1 < requests.length) this.#add(requests, turn + 1);
  }

  #openMore(): void {
    const { order } = this.#workload;
    while (this.#begun < order.length) {
      const open = this.#ready.length + (this.#counts === "all" ? this.#busy.size : 0);
      if (open >= this.#open) return;
      this.#add(this.#workload.conversation(order[this.#begun++]![0]), 0);
    }
  }

  #add(requests: readonly WorkloadRequest[], turn: number): void {
    this.#ready.push(requests);
    this.#turns.push(turn);
  }
}
