/** One prompt of a workload. */
export interface WorkloadRequest {
  /** Index of its conversation, from 0: what a session key would tell. Requests of one conversation share text. */
  readonly conversation: number;
  /** 0-based turn within it. */
  readonly turn: number;
  /** The whole text of the prompt, earlier turns included. Generated texts are made when this is read and kept with the request. */
  readonly prompt: string;
  /** Tokens to generate, 1 or more. */
  readonly outputTokens: number;
  /**
   * What the replica answers, where the next turn's prompt goes on with it: that prompt begins with this one and this answer.
   * Undefined where the data's next turn does not contain what was generated.
   */
  readonly answer?: string;
  /** ms from the start of the run; traces only. */
  readonly atMs?: number;
  /** Which of the shared beginnings the prompt has, where a workload has such: requests of several conversations with one number share text. */
  readonly group?: number;
}

/** Conversation and 0-based turn of a request. */
export type RequestPlace = readonly [conversation: number, turn: number];

/** Requests to send, the same for the same name, parameters and seed on every engine. */
export interface Workload {
  readonly name: string;
  /** One line for tables and results: where it comes from, with its parameters. */
  readonly description: string;
  /** Requests in all. */
  readonly size: number;
  /** Whether turn k + 1 may be sent only once turn k was answered (chats); false: all requests are independent. */
  readonly sequential: boolean;
  readonly conversations: number;
  /**
   * The requests of one conversation in the order of their turns; made when asked for, the same each time. O(turns), and O(text)
   * for the prompts that are read: texts of 100,000 requests do not fit into memory, so keep no more of them than are under way.
   * @throws RangeError for what is no whole number from 0 to `conversations` − 1.
   */
  conversation(index: number): readonly WorkloadRequest[];
  /**
   * Not sequential: every request, in sending order. Sequential: the first turn of every conversation, in the order in which
   * conversations begin.
   */
  readonly order: readonly RequestPlace[];
}

/**
 * Every request in sending order; of a sequential workload conversation by conversation. One conversation's texts are held at a
 * time.
 */
export function* requestsOf(workload: Workload): Generator<WorkloadRequest> {
  for (const [conversation, turn] of workload.order) {
    const requests = workload.conversation(conversation);
    if (workload.sequential) yield* requests;
    else yield requests[turn]!;
  }
}
