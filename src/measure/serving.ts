import { type Summary, summarize } from "./summary.js";

/** An answered request, as its client saw it; times in ms from the start of the run. */
export interface AnsweredRequest {
  /** Just before it was sent. */
  readonly sentMs: number;
  /** When the first piece of the answer that had text came, and the last piece. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** What a serving benchmark tells of a run, by the definitions of SGLang's and vLLM's. Requests that failed are in none of it. */
export interface ServingFigures {
  /** Seconds from the start to the last answer's end. */
  readonly durationS: number;
  readonly completed: number;
  /** Tokens of all prompts, and of all answers. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** A second. */
  readonly requestThroughput: number;
  readonly inputThroughput: number;
  readonly outputThroughput: number;
  /** Sum of all latencies ÷ duration: requests under way on average. */
  readonly concurrency: number;
  /** Time to first token: first piece − sending. */
  readonly ttftMs: Summary | null;
  /** Time per output token after the first: (latency − TTFT) ÷ (output tokens − 1); of requests with more than one. */
  readonly tpotMs: Summary | null;
  /** Inter-token latency: every gap between two tokens of a request, of all requests together. */
  readonly itlMs: Summary | null;
  /** Latency: last piece − sending. */
  readonly e2eMs: Summary | null;
}

/** Takes in requests as they end, and sums them up. */
export class ServingMeter {
  readonly #ttft: number[] = [];
  readonly #tpot: number[] = [];
  readonly #e2e: number[] = [];
  /** To seven digits: of 100,000 requests there are 10 million. */
  #itl = new Float32Array(1024);
  #gaps = 0;
  #promptTokens = 0;
  #outputTokens = 0;
  #latencyMs = 0;
  #lastMs = 0;

  /** A gap between two tokens of one request. */
  gap(ms: number): void {
    if (this.#gaps === this.#itl.length) {
      const larger = new Float32Array(2 * this.#gaps);
      larger.set(this.#itl);
      this.#itl = larger;
    }
    this.#itl[this.#gaps++] = ms;
  }

  answered({ sentMs, firstMs, lastMs, promptTokens, outputTokens }: AnsweredRequest): void {
    this.#ttft.push(firstMs - sentMs);
    this.#e2e.push(lastMs - sentMs);
    if (outputTokens > 1) this.#tpot.push((lastMs - firstMs) / (outputTokens - 1));
    this.#promptTokens += promptTokens;
    this.#outputTokens += outputTokens;
    this.#latencyMs += lastMs - sentMs;
    this.#lastMs = Math.max(this.#lastMs, lastMs);
  }

  /** @param durationMs default: until the last answer's end. */
  figures(durationMs: number = this.#lastMs): ServingFigures {
    const durationS = durationMs / 1000;
    const perSecond = (count: number) => (durationS === 0 ? 0 : count / durationS);
    const completed = this.#ttft.length;
    return {
      durationS,
      completed,
      promptTokens: this.#promptTokens,
      outputTokens: this.#outputTokens,
      requestThroughput: perSecond(completed),
      inputThroughput: perSecond(this.#promptTokens),
      outputThroughput: perSecond(this.#outputTokens),
      concurrency: perSecond(this.#latencyMs / 1000),
      ttftMs: summarize(this.#ttft),
      tpotMs: summarize(this.#tpot),
      itlMs: summarize(this.#itl.subarray(0, this.#gaps)),
      e2eMs: summarize(this.#e2e),
    };
  }
}
