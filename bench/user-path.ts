import { resolve } from "node:path";

/** A file as the user names it: npm starts a workspace's script in the workspace's folder, not in the user's. */
export function userPath(name: string): string {
  return resolve(process.env.INIT_CWD ?? ".", name);
}
