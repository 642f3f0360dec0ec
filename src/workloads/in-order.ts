import type { RequestPlace, Workload } from "./workload.js";

/**
 * The same requests of an independent workload at the same places, but each conversation's in the order of their turns: no prompt is sent
 * after a longer one that goes on with it. Of a sequential workload the same.
 */
export function inOrder(workload: Workload): Workload {
  if (workload.sequential) return workload;
  const turns = new Map<number, number[]>();
  for (const [conversation, turn] of workload.order) {
    const known = turns.get(conversation);
    if (known === undefined) turns.set(conversation, [turn]);
    else known.push(turn);
  }
  for (const each of turns.values()) each.sort((a, b) => b - a);
  const order = workload.order.map(([conversation]): RequestPlace => [conversation, turns.get(conversation)!.pop()!]);
  return { ...workload, description: `${workload.description}, turns in order`, order };
}
