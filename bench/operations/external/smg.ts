import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ExternalPeer, outputOf } from "./external.js";

const MANIFEST = fileURLToPath(new URL("./smg/Cargo.toml", import.meta.url));
const TARGET = join(tmpdir(), "warmroute-bench-smg");

/** Native Rust: the string tree of SMG's published crate. Compiled on the first use. */
export const smg: ExternalPeer = {
  about: "native Rust: the string tree of SMG's crate kv-index",
  howToGet: "install Rust (https://rustup.rs); the crate is fetched and compiled on the first use",
  async command() {
    await outputOf(["cargo", "build", "--release", "--locked", "--manifest-path", MANIFEST, "--target-dir", TARGET]);
    return [join(TARGET, "release", "smg-tree")];
  },
};
