import { UsageError } from "../../../src/cli/usage-error.js";
import { type Workload, workload } from "../../../src/workloads/index.js";

/** Which requests, by the names of options. */
export interface DatasetOptions {
  readonly datasetName?: DatasetName;
  readonly datasetPath?: string;
  readonly datasetLink?: string;
  readonly seed: number;
  readonly numPrompts: number;
  readonly maxConversations: number;
  readonly minOutputLen: number;
  readonly maxOutputLen: number;
  readonly gspNumGroups: number;
  readonly gspPromptsPerGroup: number;
  readonly gspSystemPromptLen: number;
  readonly gspQuestionLen: number;
  readonly gspOutputLen: number;
  readonly gspRangeRatio: number;
  readonly gspOrdered: boolean;
  readonly gspZipfAlpha?: number;
  readonly randomInputLen: number;
  readonly randomOutputLen: number;
  readonly randomRangeRatio: number;
  readonly mooncakeSlowdownFactor: number;
}
export type DatasetName = (typeof datasetNames)[number];

export const datasetNames = ["reference", "chat", "generated-shared-prefix", "random"] as const;

export function datasetNameOf({ datasetName }: DatasetOptions): DatasetName {
  return datasetName ?? "reference";
}
export async function datasetOf(options: DatasetOptions): Promise<Workload> {
  const { seed, numPrompts: requests, minOutputLen: minOutputTokens, maxOutputLen: maxOutputTokens } = options;
  const name = datasetNameOf(options);
  try {
    switch (name) {
      case "reference":
      case "chat":
        return workload(name, { seed, requests, minOutputTokens, maxOutputTokens });
      case "generated-shared-prefix": {
        const shape = {
          seed,
          groups: options.gspNumGroups,
          promptsPerGroup: options.gspPromptsPerGroup,
          systemTokens: options.gspSystemPromptLen,
          questionTokens: options.gspQuestionLen,
          outputTokens: options.gspOutputLen,
          rangeRatio: options.gspRangeRatio,
          ordered: options.gspOrdered,
        };
        const { gspZipfAlpha: alpha } = options;
        return alpha === undefined ? workload("gsp", shape) : workload("gspzipf", { ...shape, alpha });
      }
      case "random":
        return workload("random", {
          seed,
          requests,
          inputTokens: options.randomInputLen,
          outputTokens: options.randomOutputLen,
          rangeRatio: options.randomRangeRatio,
        });
    }
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
