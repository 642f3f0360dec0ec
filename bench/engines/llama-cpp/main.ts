// One replica in a process of its own: `tsx main.ts <model.gguf> <name> <slots> <context tokens> <port>`. Prints where it listens,
// ends with its standard input.
import { listen } from "../../../src/cli/listen.js";
import { LlamaEngine } from "./engine.js";
import { llamaHandler } from "./server.js";

const [modelPath, name, slots, contextTokens, port] = process.argv.slice(2);
const engine = await LlamaEngine.load({
  modelPath: modelPath!,
  slots: Number(slots),
  contextTokens: Number(contextTokens),
  threads: 1,
});
const { url } = await listen(llamaHandler(engine, name!), { host: "127.0.0.1", port: Number(port) });
console.log(`ready ${url}`);
process.stdin.on("end", () => process.exit(0)).resume();
