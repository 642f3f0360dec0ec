import { composeExample } from "./compose.js";

// Of vllm/entrypoints/openai/cli_args.py and vllm/engine/arg_utils.py.
composeExample("vllm", {
  entrypoint: ["vllm", "serve"],
  flags: {
    "--host": true,
    "--port": true,
    "--enable-prefix-caching": false,
    "--enable-prompt-tokens-details": false,
    "--max-num-seqs": true,
    "--gpu-memory-utilization": true,
  },
  needed: ["--enable-prefix-caching", "--enable-prompt-tokens-details"],
});
