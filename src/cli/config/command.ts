import { configSchema } from "../../app/index.js";
import { readConfig } from "./read.js";

/**
 * Reads a file as `serve` does, with this environment, and says what it has. Nothing is started.
 * @throws FileError that tells all that is wrong with it.
 */
export async function checkConfigFile(file: string): Promise<void> {
  const { config } = await readConfig(file, process.env);
  const models = config.models.map(({ name, policy = "prefix_aware", replicas = [], discovery }) => {
    const count = replicas.reduce((sum, replica) => sum + (replica.count ?? 1), 0);
    const found = discovery === undefined ? "" : ` and those of ${Object.keys(discovery).join(", ")}`;
    return `  ${name ?? "any model"}: ${policy}, ${count} ${count === 1 ? "replica" : "replicas"}${found}`;
  });
  process.stdout.write([`${file} is right:`, ...models, ""].join("\n"));
}

export function printSchema(): void {
  process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
}
