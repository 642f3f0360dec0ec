/** The columns of a sweep's CSV files that say what was run, in the reference's order. */
export const CONFIGURATION = [
  "gpu_type",
  "model_name",
  "num_servers",
  "enable_prefix_caching",
  "enable_chunked_prefill",
  "benchmark_label",
  "request_router",
  "min_output_len",
  "max_output_len",
  "max_concurrency",
  "request_rate",
  "with_warmup",
  "disable_ignore_eos",
  "disable_stream",
  "max_conversations",
  "num_prompts",
] as const;
