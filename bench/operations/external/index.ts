import type { ExternalPeer } from "./external.js";
import { ray, rayMinHeap } from "./ray.js";
import { smg } from "./smg.js";

export { type ExternalPeer, measureExternal } from "./external.js";

/** The peers of other languages, by the name that `--peers` takes. */
export const externalPeers: Readonly<Record<string, ExternalPeer>> = { ray, "ray-min-heap": rayMinHeap, smg };
