import { type ChatParameters, chat, chatParameters, reference, referenceParameters } from "./chats.js";
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
import type { Workload } from "./workload.js";

/** The parameters of each workload. */
export interface WorkloadParameters {
  readonly reference: ChatParameters;
  readonly chat: ChatParameters;
  readonly gsp: SharedPrefixParameters;
  readonly gspzipf: ZipfParameters;
  readonly hotmix: HotMixParameters;
  readonly random: RandomParameters;
}

export type WorkloadName = keyof WorkloadParameters;

interface Named<Values> {
  /** One line. */
  readonly about: string;
  readonly parameters: ParametersOf<Values>;
  /** @param values checked against `parameters`. */
  make(values: Values): Workload;
}

const NAMED: { readonly [Name in WorkloadName]: Named<WorkloadParameters[Name]> } = {
  reference: {
    about: "chats of a few turns cut into independent prompts, as Ray's benchmark samples ShareGPT (its statistics)",
    parameters: referenceParameters,
    make: reference,
  },
  chat: {
    about: "the same as chats: a turn is sent once the one before is answered",
    parameters: chatParameters,
    make: chat,
  },
  gsp: {
    about: "SGLang's generated-shared-prefix: many questions after few long system prompts",
    parameters: sharedPrefixParameters,
    make: sharedPrefix,
  },
  gspzipf: {
    about: "the same with some system prompts much more in use than others",
    parameters: zipfParameters,
    make: sharedPrefixZipf,
  },
  hotmix: {
    about: "four in ten prompts share one long prefix, the others nothing",
    parameters: hotMixParameters,
    make: hotMix,
  },
  random: {
    about: "SGLang's random: prompts that share nothing",
    parameters: randomParameters,
    make: randomLengths,
  },
};

export const workloadNames: readonly WorkloadName[] = Object.keys(NAMED) as WorkloadName[];

/** What a workload is and takes: for help texts. */
export const workloadCatalog: Readonly<
  Record<WorkloadName, { readonly about: string; readonly parameters: Parameters }>
> = NAMED;

/** Values of a workload's parameters; those that are not given have the defaults of `workloadCatalog`. */
export type WorkloadOptions<Name extends WorkloadName> = {
  readonly [Key in keyof WorkloadParameters[Name]]?: WorkloadParameters[Name][Key] | undefined;
};

/**
 * @throws RangeError for a name or a parameter that there is none of, TypeError or RangeError for a value that is not accepted.
 */
export function workload<Name extends WorkloadName>(name: Name, options: WorkloadOptions<Name> = {}): Workload {
  if (!isWorkloadName(name)) throw new RangeError(`workload must be ${workloadNames.join(", ")}, not ${shown(name)}`);
  const { parameters, make } = NAMED[name] as Named<unknown>;
  return make(checkedParameters(name, parameters, options));
}

export function isWorkloadName(name: unknown): name is WorkloadName {
  return typeof name === "string" && Object.hasOwn(NAMED, name);
}
