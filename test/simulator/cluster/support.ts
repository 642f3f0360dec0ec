import {
  type AnsweredSimulation,
  type ClusterOptions,
  type ClusterResult,
  simulateCluster,
} from "../../../src/simulator/index.js";
import { type Workload, type WorkloadRequest, workload } from "../../../src/workloads/index.js";

export const REFERENCE: Workload = workload("reference", { seed: 1, requests: 150 });
export const CHAT: Workload = workload("chat", { seed: 1, requests: 150 });

export interface Run {
  readonly result: ClusterResult;
  /** In the order in which they were answered. */
  readonly requests: readonly AnsweredSimulation[];
}

export async function run(options: Partial<ClusterOptions> = {}): Promise<Run> {
  const requests: AnsweredSimulation[] = [];
  const result = await simulateCluster({
    workload: REFERENCE,
    policy: "prefix_aware",
    onRequest: (request) => requests.push(request),
    ...options,
  });
  return { result, requests };
}

/** A workload of these conversations, each turn as given. */
export function handMade(
  conversations: readonly (readonly Partial<WorkloadRequest>[])[],
  sequential = false,
): Workload {
  const made = conversations.map((turns, conversation) =>
    turns.map((given, turn): WorkloadRequest => ({ conversation, turn, prompt: "Hello", outputTokens: 5, ...given })),
  );
  const places = made.flatMap((turns) => turns.map(({ conversation, turn }) => [conversation, turn] as const));
  return {
    name: "hand-made",
    description: "hand-made",
    size: places.length,
    sequential,
    conversations: made.length,
    conversation: (index) => made[index]!,
    order: sequential ? places.filter(([, turn]) => turn === 0) : places,
  };
}

/** That many words, which share no block with others of another `first`. */
export function words(count: number, first: string): string {
  return first + " word".repeat(count - 1);
}
