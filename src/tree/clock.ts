/** Now, in seconds since 1970: the default of every `timeS`, and the only clock that the tree ever reads. */
export function nowS(): number {
  // biome-ignore lint/plugin: a default for callers who pass no time; with a time passed in, every call is deterministic.
  return Date.now() / 1000;
}
