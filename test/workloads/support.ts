import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** JSON Lines. */
export function lines(...records: object[]): string {
  return records.map((record) => JSON.stringify(record)).join("\n");
}

/** The folder that has this file of real data: WARMROUTE_DATA's, ./data or ../shared/data. Undefined: none of them. */
export function dataFolderOf(file: string): string | undefined {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folders = [process.env.WARMROUTE_DATA, join(root, "data"), join(root, "../shared/data")];
  return folders.find((folder) => folder !== undefined && existsSync(join(folder, file)));
}
