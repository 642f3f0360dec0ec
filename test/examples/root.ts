import { fileURLToPath } from "node:url";

/** This repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
