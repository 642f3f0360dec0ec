import type { Random } from "../../../src/random/index.js";
import type { Workload, WorkloadRequest } from "../../../src/workloads/index.js";

/** Hands out a workload's requests as they may be sent. */
export interface Feed {
  /** The next one; null when there is none, or none before an answer has come. */
  take(): WorkloadRequest | null;
  /** Its answer has come, or never will. */
  answered(request: WorkloadRequest): void;
}

/**
 * @param open conversations of a sequential workload that are under way at a time. With more of them than requests at a time, the next
 * turn of one does not follow at once on the connection that has just become free, which would make any policy that takes the emptiest
 * replica keep conversations together by accident.
 */
export function feedOf(workload: Workload, open: number, random: Random): Feed {
  return workload.sequential ? new Conversations(workload, open, random) : new InOrder(workload);
}

class InOrder implements Feed {
  readonly #workload: Workload;
  #next = 0;

  constructor(workload: Workload) {
    this.#workload = workload;
  }

  take(): WorkloadRequest | null {
    const place = this.#workload.order[this.#next];
    if (place === undefined) return null;
    this.#next++;
    const [conversation, turn] = place;
    return this.#workload.conversation(conversation)[turn]!;
  }

  answered(): void {}
}

class Conversations implements Feed {
  readonly #workload: Workload;
  readonly #random: Random;
  /** Turns left of those under way that may be sent, a conversation an entry. */
  readonly #ready: (readonly WorkloadRequest[])[] = [];
  readonly #waiting = new Map<number, readonly WorkloadRequest[]>();
  #begun = 0;

  constructor(workload: Workload, open: number, random: Random) {
    this.#workload = workload;
    this.#random = random;
    while (this.#ready.length < open && this.#begin());
  }

  take(): WorkloadRequest | null {
    if (this.#ready.length === 0) return null;
    const at = this.#random.below(this.#ready.length);
    const [request, ...rest] = this.#ready[at]!;
    this.#ready[at] = this.#ready.at(-1)!;
    this.#ready.pop();
    this.#waiting.set(request!.conversation, rest);
    return request!;
  }

  answered({ conversation }: WorkloadRequest): void {
    const rest = this.#waiting.get(conversation)!;
    this.#waiting.delete(conversation);
    if (rest.length > 0) this.#ready.push(rest);
    else this.#begin();
  }

  #begin(): boolean {
    const place = this.#workload.order[this.#begun];
    if (place === undefined) return false;
    this.#begun++;
    this.#ready.push(this.#workload.conversation(place[0]));
    return true;
  }
}
