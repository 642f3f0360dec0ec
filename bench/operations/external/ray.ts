import { fileURLToPath } from "node:url";
import { type ExternalPeer, outputOf } from "./external.js";

const SCRIPT = fileURLToPath(new URL("./ray_tree.py", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";

/** The reference: Ray Serve LLM's tree, called without the actor that it lives in. */
export const ray: ExternalPeer = {
  about: "the reference, out of PyPI's ray",
  howToGet: 'python3 -m venv env && env/bin/pip install "ray[serve]", then PYTHON=env/bin/python npm run bench',
  async command() {
    try {
      await outputOf([PYTHON, SCRIPT, "--probe"]);
      return [PYTHON, SCRIPT];
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      return null;
    }
  },
};
