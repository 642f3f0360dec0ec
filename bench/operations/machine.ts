import { arch, cpus, platform } from "node:os";

/** Where figures were measured. */
export interface Machine {
  cpu: string;
  cores: number;
  os: string;
  node: string;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    os: `${platform()} ${arch()}`,
    node: process.version,
  };
}
