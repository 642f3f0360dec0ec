import { fileURLToPath } from "node:url";
import { type ExternalPeer, outputOf } from "./external.js";

const SCRIPT = fileURLToPath(new URL("./ray_tree.py", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";

/** The reference: Ray Serve LLM's tree, called without the actor that it lives in. */
export const ray: ExternalPeer = rayWith("linked-list", "the reference: the tree out of PyPI's ray, in Python");

/** What the reference's operation benchmark compared it with. */
export const rayMinHeap: ExternalPeer = rayWith("min-heap", "that, finding the oldest with a heap, as it once did");

function rayWith(eviction: string, about: string): ExternalPeer {
  return {
    about,
    howToGet: 'python3 -m venv env && env/bin/pip install "ray[serve]", then PYTHON=$PWD/env/bin/python npm run bench',
    async command() {
      const command = [PYTHON, SCRIPT, eviction];
      await outputOf(command);
      return command;
    },
  };
}
