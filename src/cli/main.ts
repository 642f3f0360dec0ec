#!/usr/bin/env node
import { run } from "./program.js";

// Whoever reads the log may go away; the answers go on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

process.exitCode = await run(process.argv.slice(2));
