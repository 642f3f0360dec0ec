import { PrefixTree } from "warmroute";

export async function program() {
  const tree = new PrefixTree({ maxBytes: 2 ** 20 });
  tree.addTenants(["a", "b"], 1);
  tree.insert("You are a helpful assistant. Why is the sky blue?", "a", 2);
  tree.insert("You are a helpful assistant. Warum ist der Himmel blau? なぜ空は青いの? 🌍", "b", 3);
  const { matchedChars, matchedTenants } = tree.prefixMatch("You are a helpful assistant. Warum? 🌍");
  const snapshot = tree.snapshot().reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0);
  return JSON.stringify({ matchedChars, matchedTenants, snapshot });
}
