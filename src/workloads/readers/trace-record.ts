import { DataError, excerpt, type PlacedRecord } from "./records.js";

/** A request of a trace in Mooncake's format. */
export interface TraceRecord {
  /** ms; 0 where the record has none. */
  readonly timestampMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Ids of its blocks: equal ids stand for equal text. */
  readonly blocks: readonly number[];
}

/**
 * `{"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [id, …]}`, an id for each block; the last, partial
 * block may have none.
 * @throws DataError that names the field.
 */
export function readTraceRecord({ value, where }: PlacedRecord, blockTokens: number): TraceRecord {
  const { timestamp = 0, hash_ids: blocks, input_length: inputTokens, output_length: outputTokens = 1 } = value;
  if (typeof timestamp !== "number" || timestamp < 0) {
    throw new DataError(`${where}: timestamp must be 0 ms or more, not ${excerpt(timestamp)}`);
  }
  if (!isCount(inputTokens)) throw wrongCount(where, "input_length", inputTokens);
  if (!isCount(outputTokens)) throw wrongCount(where, "output_length", outputTokens);
  if (!Array.isArray(blocks)) throw new DataError(`${where}: hash_ids must be a list, not ${excerpt(blocks)}`);
  const wrong = blocks.findIndex((id: unknown) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (wrong >= 0) {
    throw new DataError(
      `${where}: hash_ids[${wrong}] must be a whole number, 0 or more, not ${excerpt(blocks[wrong])}`,
    );
  }
  const whole = Math.floor(inputTokens / blockTokens);
  const all = Math.ceil(inputTokens / blockTokens);
  if (blocks.length !== whole && blocks.length !== all) {
    throw new DataError(
      `${where}: expected ${all} hash_ids for an input_length of ${inputTokens} in blocks of ${blockTokens} tokens, not ${blocks.length}`,
    );
  }
  return { timestampMs: timestamp, inputTokens, outputTokens, blocks: blocks as number[] };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function wrongCount(where: string, name: string, value: unknown): DataError {
  return new DataError(`${where}: ${name} must be a whole number, 1 or more, not ${excerpt(value)}`);
}
