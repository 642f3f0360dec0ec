#!/usr/bin/env node
import { run } from "./program.js";

// Whoever reads the output may go away; the run goes on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

process.exitCode = await run(process.argv.slice(2));
