import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  DataError,
  isWorkloadName,
  type Workload,
  type WorkloadData,
  workloadByName,
  workloadCatalog,
  workloadNames,
} from "../workloads/index.js";
import { UsageError } from "./usage-error.js";

/** Where a workload's file is. */
export interface DatasetPlace {
  /** The file itself, in place of the usual one. */
  readonly file?: string | undefined;
  /** Folder of the usual files; by default the one in the environment's WARMROUTE_DATA, else ./data. */
  readonly dataFolder?: string | undefined;
}

/**
 * A workload by its name, its file read if it has one.
 * @param parameters by name, as `workloadCatalog` has them.
 * @throws UsageError for a name, parameter or value that is not accepted, a file that is not there or is not in the workload's format.
 */
export function openWorkload(
  name: string,
  parameters: Readonly<Record<string, unknown>> = {},
  place: DatasetPlace = {},
): Workload {
  if (!isWorkloadName(name)) {
    throw new UsageError(`workload must be ${workloadNames.join(", ")}, not ${JSON.stringify(name)}`);
  }
  const { file } = workloadCatalog[name];
  if (file === undefined && place.file !== undefined) {
    throw new UsageError(`${name} is made from a seed and reads no file, not ${place.file}`);
  }
  const data = file === undefined ? {} : readData(name, file, place);
  try {
    return workloadByName(name, { ...parameters, ...data });
  } catch (error) {
    const told = error instanceof RangeError || error instanceof TypeError || error instanceof DataError;
    throw told ? new UsageError((error as Error).message) : error;
  }
}

/** @throws UsageError that tells where files are looked for. */
function readData(name: string, usual: string, { file, dataFolder }: DatasetPlace): WorkloadData {
  if (file === undefined && usual === "") throw new UsageError(`${name} needs the path of a file`);
  const folder = dataFolder ?? (process.env.WARMROUTE_DATA || "./data");
  const path = file ?? join(folder, usual);
  try {
    return { data: readFileSync(path, "utf8"), source: basename(path) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || file !== undefined) throw new UsageError(`${name}: ${path} cannot be read: ${message}`);
    throw new UsageError(
      `${name} reads ${usual}, which is not in ${folder}: set WARMROUTE_DATA to the folder that has it (without it: ./data, which git ignores)`,
    );
  }
}
