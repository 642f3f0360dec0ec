import { composeExample } from "./compose.js";

// Of sglang/srt/server_args.py.
composeExample("sglang", {
  entrypoint: ["python3", "-m", "sglang.launch_server"],
  flags: {
    "--model-path": true,
    "--host": true,
    "--port": true,
    "--enable-cache-report": false,
    "--enable-metrics": false,
    "--max-running-requests": true,
    "--mem-fraction-static": true,
  },
  needed: ["--enable-cache-report", "--enable-metrics"],
});
