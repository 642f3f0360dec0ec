/**
 * One answered request as its client saw it, by one clock in ms. The definitions are those of SGLang's `bench_serving`, so that figures
 * compare with what it, vLLM's `bench serve` and Ray's benchmark print.
 */
export interface AnsweredRequest {
  /** Just before it was sent. */
  readonly sentMs: number;
  /** When each piece with text came, ascending; of an answer in one piece, when that came. None where no text came at all. */
  readonly pieceMs: ArrayLike<number>;
  /** When the last of the answer came, be it text or not. */
  readonly endMs: number;
  readonly outputTokens: number;
}

/** Time to first token: from sending to the first piece with text; the whole latency where none came. */
export function ttftMs({ sentMs, pieceMs, endMs }: AnsweredRequest): number {
  return (pieceMs[0] ?? endMs) - sentMs;
}

/** End-to-end latency: from sending to the last of the answer. */
export function e2eMs({ sentMs, endMs }: AnsweredRequest): number {
  return endMs - sentMs;
}

/** Time per output token after the first; null for an answer of one token or none, which has no such time. */
export function tpotMs(request: AnsweredRequest): number | null {
  const { outputTokens } = request;
  return outputTokens > 1 ? (e2eMs(request) - ttftMs(request)) / (outputTokens - 1) : null;
}

/** Inter-token latencies: the gaps between successive pieces with text, however many tokens a piece has. */
export function itlMs({ pieceMs }: AnsweredRequest): number[] {
  return Array.from({ length: Math.max(0, pieceMs.length - 1) }, (_, i) => pieceMs[i + 1]! - pieceMs[i]!);
}
