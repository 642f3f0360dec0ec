/** What is used of `node-llama-cpp`, which is in no package.json and so has no types here. */
export interface LlamaCpp {
  getLlama(options: {
    gpu: false;
    /** Only the prebuilt library. */
    build: "never";
    maxThreads: number;
    logLevel: "error";
    progressLogs: false;
  }): Promise<{ loadModel(options: { modelPath: string }): Promise<LlamaModel> }>;
}

export interface LlamaModel {
  tokenize(text: string): number[];
  detokenize(tokens: readonly number[]): string;
  createContext(options: {
    /** Tokens of one sequence. */
    contextSize: number;
    sequences: number;
    batchSize: number;
    threads: number;
  }): Promise<{ getSequence(options: { checkpoints: { max: number } }): LlamaSequence }>;
}

/** One place in a context, with the keys and values of the tokens that it has seen. */
export interface LlamaSequence {
  readonly nextTokenIndex: number;
  compareContextTokens(tokens: readonly number[]): { firstDifferentIndex: number };
  /** Keeps the keys and values of the longest common prefix and drops the rest. */
  adaptStateToTokens(tokens: readonly number[], allowShift: boolean): Promise<void>;
  /** Computes the tokens and then generates, one a turn of the loop. */
  evaluate(tokens: readonly number[], options: { temperature: number }): AsyncIterable<number>;
}
