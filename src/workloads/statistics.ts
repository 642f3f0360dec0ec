import { tokenize } from "./tokenizer.js";
import { requestsOf, type Workload } from "./workload.js";

/** What a workload is in figures. */
export interface WorkloadStatistics {
  readonly requests: number;
  readonly conversations: number;
  /** Mean tokens of a prompt, by the package's tokenizer. */
  readonly promptTokens: number;
  /** Mean tokens to generate. */
  readonly outputTokens: number;
  /**
   * Share of all prompt tokens that one infinite cache has when the requests are sent one after the other: the bound of the hit ratio for
   * any policy. As vLLM counts: whole blocks, never a prompt's last token, answers cached too.
   */
  readonly hitBound: number;
}

/** O(all text). @param blockTokens of the cache; 16 is vLLM's. */
export function workloadStatistics(workload: Workload, blockTokens: number = 16): WorkloadStatistics {
  const seen = new Set<number>();
  let promptTokens = 0;
  let outputTokens = 0;
  let hits = 0;
  for (const { prompt, answer, outputTokens: output } of requestsOf(workload)) {
    const tokens = tokenize(prompt);
    promptTokens += tokens.length;
    outputTokens += output;
    const chain = chainOf(tokens, blockTokens);
    const most = Math.floor((tokens.length - 1) / blockTokens);
    let hit = 0;
    while (hit < most && seen.has(chain[hit]!)) hit++;
    hits += hit * blockTokens;
    // The last generated token is never computed on.
    const written = answer === undefined ? tokens : tokenize(prompt + answer).slice(0, -1);
    for (const block of answer === undefined ? chain : chainOf(written, blockTokens)) seen.add(block);
  }
  return {
    requests: workload.size,
    conversations: workload.conversations,
    promptTokens: promptTokens / workload.size,
    outputTokens: outputTokens / workload.size,
    hitBound: promptTokens === 0 ? 0 : hits / promptTokens,
  };
}

/** A hash of 53 bits for each whole block, over it and all before it. */
function chainOf(tokens: readonly number[], blockTokens: number): number[] {
  const chain: number[] = [];
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < tokens.length; i++) {
    low = Math.imul(low ^ tokens[i]!, 0x01000193);
    high = Math.imul(high ^ (high >>> 15) ^ tokens[i]!, 0x85ebca6b);
    if (i % blockTokens === blockTokens - 1) chain.push((high >>> 11) * 4294967296 + (low >>> 0));
  }
  return chain;
}
