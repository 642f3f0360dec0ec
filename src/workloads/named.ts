import { type AzureParameters, azure, azureParameters } from "./azure.js";
import { type ChatParameters, chat, chatParameters, reference, referenceParameters } from "./chats.js";
import { conversationFile, type FileParameters, fileParameters } from "./conversation-file.js";
import { type MooncakeParameters, mooncake, mooncakeParameters } from "./mooncake.js";
import { checkedParameters, type Parameters, type ParametersOf, shown } from "./parameters.js";
import { type RandomParameters, randomLengths, randomParameters } from "./random-lengths.js";
import {
  type HotMixParameters,
  hotMix,
  hotMixParameters,
  type SharedPrefixParameters,
  sharedPrefix,
  sharedPrefixParameters,
  sharedPrefixZipf,
  type ZipfParameters,
  zipfParameters,
} from "./shared-prefix.js";
import { type ShareGptParameters, shareGpt, shareGptParameters } from "./sharegpt.js";
import type { Workload } from "./workload.js";

/** The parameters of the workloads that are made from a seed. */
export interface GeneratedParameters {
  readonly reference: ChatParameters;
  readonly chat: ChatParameters;
  readonly gsp: SharedPrefixParameters;
  readonly gspzipf: ZipfParameters;
  readonly hotmix: HotMixParameters;
  readonly random: RandomParameters;
}

/** The parameters of the workloads that are read from a file. */
export interface ReadParameters {
  readonly sharegpt: ShareGptParameters;
  readonly mooncake: MooncakeParameters;
  readonly azure: AzureParameters;
  readonly mtbench: FileParameters;
  readonly taubench: FileParameters;
  readonly glaive: FileParameters;
  readonly bbh: FileParameters;
  readonly custom: FileParameters;
}

/** The name of a workload. */
export type WorkloadName = keyof GeneratedParameters | keyof ReadParameters;

/** Values of a workload's parameters; those that are not given have the defaults of `workloadCatalog`. */
export type WorkloadOptions<Name extends WorkloadName> = Name extends keyof GeneratedParameters
  ? Optional<GeneratedParameters[Name]>
  : Name extends keyof ReadParameters
    ? Optional<ReadParameters[Name]> & WorkloadData
    : never;

type Optional<Values> = { readonly [Key in keyof Values]?: Values[Key] | undefined };

/** What a workload is read from. */
export interface WorkloadData {
  /** The file's content. */
  readonly data: string;
  /** Names it in descriptions and messages; by default the name of the catalog's file. */
  readonly source?: string | undefined;
}

/** What a workload is and takes. */
export interface WorkloadAbout {
  /** One line. */
  readonly about: string;
  readonly parameters: Parameters;
  /** What it is read from: the usual file's name, empty where there is no usual one. Undefined: it is made from the seed. */
  readonly file?: string;
}

interface Generated<Values> extends WorkloadAbout {
  readonly parameters: ParametersOf<Values>;
  /** @param values checked against `parameters`. */
  make(values: Values): Workload;
}

interface Read<Values> extends WorkloadAbout {
  readonly parameters: ParametersOf<Values>;
  readonly file: string;
  read(values: Values, data: string, source: string): Workload;
}

const GENERATED: { readonly [Name in keyof GeneratedParameters]: Generated<GeneratedParameters[Name]> } = {
  reference: {
    about: "chats of a few turns cut into independent prompts, with the statistics of Ray's benchmark on ShareGPT",
    parameters: referenceParameters,
    make: reference,
  },
  chat: {
    about: "chats with the lengths of reference, a turn sent once the one before is answered",
    parameters: chatParameters,
    make: chat,
  },
  gsp: {
    about: "SGLang's generated-shared-prefix: many questions after few long system prompts",
    parameters: sharedPrefixParameters,
    make: sharedPrefix,
  },
  gspzipf: {
    about: "gsp with some system prompts much more in use than others",
    parameters: zipfParameters,
    make: sharedPrefixZipf,
  },
  hotmix: {
    about: "four in ten prompts begin with one long prefix, the others share nothing",
    parameters: hotMixParameters,
    make: hotMix,
  },
  random: {
    about: "SGLang's random: prompts that share nothing",
    parameters: randomParameters,
    make: randomLengths,
  },
};

const READ: { readonly [Name in keyof ReadParameters]: Read<ReadParameters[Name]> } = {
  sharegpt: {
    about: "conversations in ShareGPT's format, cut and sampled as Ray's benchmark does",
    file: "sharegpt_16_messages_or_more.json",
    parameters: shareGptParameters,
    read: shareGpt,
  },
  mooncake: {
    about: "a trace with times, lengths and block hashes of a chat service (Mooncake's format)",
    file: "mooncake_conversation_trace.jsonl",
    parameters: mooncakeParameters,
    read: mooncake,
  },
  azure: {
    about: "a trace with times and lengths alone (Azure's format): nothing is shared",
    file: "azure_llm_2023_conv.csv",
    parameters: azureParameters,
    read: azure,
  },
  mtbench: {
    about: "MT-Bench-101: short chats of about three turns",
    file: "mtbench101_conversations.jsonl",
    parameters: fileParameters,
    read: (...given) => conversationFile("mtbench", ...given),
  },
  taubench: {
    about: "tau-bench, airline: an agent of twelve steps after a policy of 6,000 characters",
    file: "taubench_airline_conversations.jsonl",
    parameters: fileParameters,
    read: (...given) => conversationFile("taubench", ...given),
  },
  glaive: {
    about: "Glaive: short chats that call tools",
    file: "glaive_toolcall_conversations.jsonl",
    parameters: fileParameters,
    read: (...given) => conversationFile("glaive", ...given),
  },
  bbh: {
    about: "BIG-Bench Hard: 27 few-shot prefixes, a question after each",
    file: "bbh_shared_prefix_prompts.jsonl",
    parameters: fileParameters,
    read: (...given) => conversationFile("bbh", ...given),
  },
  custom: {
    about: "a file of your own, JSON or JSON Lines: messages, conversations, or prompt with output_len",
    file: "",
    parameters: fileParameters,
    read: (...given) => conversationFile("custom", ...given),
  },
};

/** Every workload there is, for help texts and for whoever reads the files. */
export const workloadCatalog: Readonly<Record<WorkloadName, WorkloadAbout>> = { ...GENERATED, ...READ };

export const workloadNames: readonly WorkloadName[] = Object.keys(workloadCatalog) as WorkloadName[];

/**
 * @throws RangeError for a name or a parameter that there is none of, TypeError or RangeError for a value that is not accepted,
 * DataError for data that is not in the workload's format.
 */
export function workload<Name extends WorkloadName>(
  name: Name,
  ...[options]: Name extends keyof GeneratedParameters ? [WorkloadOptions<Name>?] : [WorkloadOptions<Name>]
): Workload {
  return workloadByName(name, { ...options });
}

/** The same for a name and values that come from outside. */
export function workloadByName(name: string, options: Readonly<Record<string, unknown>>): Workload {
  if (!isWorkloadName(name)) throw new RangeError(`workload must be ${workloadNames.join(", ")}, not ${shown(name)}`);
  if (Object.hasOwn(GENERATED, name)) {
    const { parameters, make } = GENERATED[name as keyof GeneratedParameters] as Generated<unknown>;
    return make(checkedParameters(name, parameters, options));
  }
  const { parameters, read, file } = READ[name as keyof ReadParameters] as Read<unknown>;
  const { data, source = file || name, ...values } = options;
  if (typeof data !== "string") {
    throw new TypeError(`${name}: data must be the content of a file${file && ` like ${file}`}, not ${shown(data)}`);
  }
  if (typeof source !== "string") throw new TypeError(`${name}: source must be a string, not ${shown(source)}`);
  return read(checkedParameters(name, parameters, values), data, source);
}

export function isWorkloadName(name: unknown): name is WorkloadName {
  return typeof name === "string" && Object.hasOwn(workloadCatalog, name);
}
