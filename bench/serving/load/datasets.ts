import { openWorkload } from "../../../src/cli/datasets.js";
import {
  inOrder,
  type Workload,
  type WorkloadName,
  workloadCatalog,
  workloadNames,
} from "../../../src/workloads/index.js";
import { downloaded } from "./download.js";

/** Which requests, by the names of options. */
export interface DatasetOptions {
  readonly datasetName?: DatasetName;
  readonly datasetPath?: string;
  readonly datasetLink?: string;
  readonly seed: number;
  readonly numPrompts: number;
  readonly maxConversations: number;
  readonly inOrder: boolean;
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

/** SGLang's name beside ours. */
export type DatasetName = WorkloadName | "generated-shared-prefix";

export const datasetNames: readonly DatasetName[] = [
  "sharegpt",
  "generated-shared-prefix",
  ...workloadNames.filter((name) => name !== "sharegpt"),
];

/** The name that was given; without one ShareGPT when there is a file or link, else what is generated with its statistics. */
export function datasetNameOf({ datasetName, datasetPath, datasetLink }: DatasetOptions): DatasetName {
  return datasetName ?? (datasetPath === undefined && datasetLink === undefined ? "reference" : "sharegpt");
}

/**
 * The workload that options describe, its file read or fetched.
 * @throws UsageError for a file that cannot be had, or a record that is not in the dataset's format.
 */
export async function datasetOf(options: DatasetOptions): Promise<Workload> {
  const { datasetPath, datasetLink } = options;
  const name = workloadNameOf(options);
  const values: Readonly<Record<string, unknown>> = {
    ...shapeOf(name, options),
    seed: options.seed,
    maxConversations: options.maxConversations,
    minOutputTokens: options.minOutputLen,
    maxOutputTokens: options.maxOutputLen,
    slowdown: options.mooncakeSlowdownFactor,
  };
  const { parameters } = workloadCatalog[name];
  const accepted = Object.entries(values).filter(([parameter]) => Object.hasOwn(parameters, parameter));
  const file = datasetPath ?? (datasetLink === undefined ? undefined : await downloaded(datasetLink));
  const workload = openWorkload(name, Object.fromEntries(accepted), { file });
  return options.inOrder ? inOrder(workload) : workload;
}

/** The last workload that was made, for those who want the same again: real files take a while to read. */
export class LastDataset {
  #key = "";
  #workload: Workload | null = null;

  /** As `datasetOf`. */
  async of(options: DatasetOptions): Promise<Workload> {
    const key = JSON.stringify(NAMES.map((name) => options[name]));
    if (this.#workload === null || this.#key !== key) this.#workload = await datasetOf(options);
    this.#key = key;
    return this.#workload;
  }
}

const NAMES: readonly (keyof DatasetOptions)[] = [
  ...(["datasetName", "datasetPath", "datasetLink", "seed", "numPrompts", "maxConversations", "inOrder"] as const),
  ...(["minOutputLen", "maxOutputLen", "gspNumGroups", "gspPromptsPerGroup", "gspSystemPromptLen"] as const),
  ...(["gspQuestionLen", "gspOutputLen", "gspRangeRatio", "gspOrdered", "gspZipfAlpha"] as const),
  ...(["randomInputLen", "randomOutputLen", "randomRangeRatio", "mooncakeSlowdownFactor"] as const),
];

function workloadNameOf(options: DatasetOptions): WorkloadName {
  const name = datasetNameOf(options);
  if (name !== "generated-shared-prefix") return name;
  return options.gspZipfAlpha === undefined ? "gsp" : "gspzipf";
}

/** How many requests of which lengths. */
function shapeOf(name: WorkloadName, options: DatasetOptions): Readonly<Record<string, unknown>> {
  if (name === "gsp" || name === "gspzipf") {
    // As many as there are groups and prompts of each, as in SGLang's.
    return {
      groups: options.gspNumGroups,
      promptsPerGroup: options.gspPromptsPerGroup,
      systemTokens: options.gspSystemPromptLen,
      questionTokens: options.gspQuestionLen,
      outputTokens: options.gspOutputLen,
      rangeRatio: options.gspRangeRatio,
      ordered: options.gspOrdered,
      alpha: options.gspZipfAlpha,
    };
  }
  const { numPrompts: requests, randomInputLen, randomOutputLen, randomRangeRatio } = options;
  if (name !== "random") return { requests };
  return { requests, inputTokens: randomInputLen, outputTokens: randomOutputLen, rangeRatio: randomRangeRatio };
}
