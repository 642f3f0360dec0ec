import type { Model, ModelList } from "../../protocol/index.js";
import type { Served } from "./request.js";

/** `GET /v1/models`: the model, then its adapters. */
export function modelList({ model, adapters }: Served, maxModelLen: number): ModelList {
  const common = { object: "model", created: 0, owned_by: "vllm" } as const;
  return {
    object: "list",
    data: [
      { id: model, ...common, root: model, parent: null, max_model_len: maxModelLen },
      ...adapters.map((id): Model => ({ id, ...common, root: id, parent: model, max_model_len: null })),
    ],
  };
}
