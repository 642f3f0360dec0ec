import { fileURLToPath } from "node:url";
import type { Picture } from "../../../bench/plots/index.js";
import { toSvg } from "../../../bench/plots/index.js";

/** Inputs that are made for tests, and recorded ones: see the README there. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

export const SERVE: string = fixture("sweep/serve_sharegpt_sweep_results.csv");
export const VLLM: string = fixture("sweep/vllm_sharegpt_sweep_results.csv");
/** Custom results, recorded. */
export const PREFIX_AWARE: string = fixture("sweep/custom_results/prefix_aware");
export const POW_OF_2: string = fixture("sweep/custom_results/pow_of_2");
export const REPLICAS: readonly string[] = ["replica-1", "replica-2", "replica-3", "replica-4"];

/** The words on a picture, drawn. */
export async function words(picture: Picture): Promise<string[]> {
  return textsOf(await toSvg(picture, "light"));
}

export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) =>
    text!.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"),
  );
}

/** Paths drawn in a colour: lines, bars or marks. */
export function pathsIn(svg: string, colour: string): number {
  return svg.split(new RegExp(`(?:fill|stroke)="${colour}"`)).length - 1;
}
