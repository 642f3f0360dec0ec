import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createFetch, Router } from "warmroute";

/**
 * A provider of the AI SDK whose models run on several vLLM servers. Each call goes to the server that holds most of its
 * prompt in its prefix cache: `warm(urls)("Qwen/Qwen2.5-1.5B-Instruct")` is a model as any other.
 */
export function warm(urls) {
  const router = new Router({
    policy: "prefix_aware",
    replicas: urls.map((url, i) => ({ id: `replica-${i + 1}`, url })),
  });
  return createOpenAICompatible({
    name: "warm",
    baseURL: "http://replicas/v1", // nobody is called so: each request goes to the replica that is chosen for it
    fetch: createFetch(router),
    includeUsage: true, // streams too then say how much of the prompt was cached
  });
}
