import { checkConversation, lazyRequest } from "./conversation.js";
import { amount, optionalWhole, type ParametersOf, seedParameter } from "./parameters.js";
import { prose } from "./prose.js";
import { DataError, excerpt } from "./readers/records.js";
import { streamOf } from "./seeds.js";
import type { Workload } from "./workload.js";

export interface AzureParameters {
  readonly seed: number;
  readonly requests: number | undefined;
  readonly slowdown: number;
}

export const azureParameters: ParametersOf<AzureParameters> = {
  seed: { ...seedParameter, about: "of the texts: lengths and times are the trace's" },
  requests: optionalWhole("the first so many of the trace (default: all)"),
  slowdown: amount(1, "factor of the times", 1e-6, 1e6),
};

const REQUESTS = 1;
const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";

/** Azure's traces of LLM inference: times and lengths, nothing of the text, so that no two prompts share any. */
export function azure({ seed, requests, slowdown }: AzureParameters, data: string, source: string): Workload {
  const rows = readRows(data, source).slice(0, requests);
  const startMs = rows[0]!.timestampMs;
  return {
    name: "azure",
    description: `${source}: ${rows.length} requests that share nothing, their times × ${slowdown}, texts made up, seed ${seed}`,
    size: rows.length,
    sequential: false,
    conversations: rows.length,
    conversation(index) {
      checkConversation({ name: "azure", conversations: rows.length }, index);
      const { timestampMs, inputTokens, outputTokens } = rows[index]!;
      const prompt = () => prose(streamOf(seed, REQUESTS, index), inputTokens, index).slice(1);
      return [lazyRequest([index, 0], outputTokens, prompt, { atMs: (timestampMs - startMs) * slowdown })];
    },
    order: rows.map((_, index) => [index, 0] as const),
  };
}

interface Row {
  readonly timestampMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** In the order of time. */
function readRows(data: string, source: string): Row[] {
  const [header, ...lines] = data.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (header !== HEADER) throw new DataError(`${source}, line 1: expected ${HEADER}, not ${excerpt(header)}`);
  const rows: Row[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const where = `${source}, line ${i + 2}`;
    const fields = line.split(",");
    if (fields.length !== 3) throw new DataError(`${where}: expected ${HEADER}, not ${excerpt(line)}`);
    const timestampMs = timeOf(fields[0]!);
    if (timestampMs === null) {
      throw new DataError(`${where}: TIMESTAMP must be like 2023-11-16 18:15:46.680, not ${excerpt(fields[0])}`);
    }
    rows.push({
      timestampMs,
      inputTokens: countOf(fields[1]!, `${where}: ContextTokens`),
      outputTokens: countOf(fields[2]!, `${where}: GeneratedTokens`),
    });
  }
  if (rows.length === 0) throw new DataError(`${source}: no request in it`);
  return rows.sort((a, b) => a.timestampMs - b.timestampMs);
}

/** ms of `2023-11-16 18:15:46.6805900`, in UTC. */
function timeOf(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|\+00:00)?$/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second) + Number(match[7] ?? 0) * 1000;
}

function countOf(text: string, what: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && Number.isSafeInteger(count)) return count;
  throw new DataError(`${what} must be a whole number, 1 or more, not ${excerpt(text)}`);
}
