// One simulated replica as a process of its own: `replica.ts <port> <model> <speed>`. Told to whoever started it once it listens.
import { listen } from "../../../src/cli/listen.js";
import { simulatedReplica } from "../../../src/simulator/index.js";

const [port, model, speed] = process.argv.slice(2);
const replica = simulatedReplica({ model: model!, speed: Number(speed) });
const { url } = await listen((request) => replica.fetch(request), { host: "127.0.0.1", port: Number(port) });
process.send!({ url });
process.on("disconnect", () => process.exit(0));
