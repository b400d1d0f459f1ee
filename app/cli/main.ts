#!/usr/bin/env node
import { ferry } from './program.js';
import { processTerminal } from './terminal.js';

// Whoever reads the output may have seen enough: `ferry list | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await ferry(process.argv.slice(2), {
  terminal: processTerminal(),
  environment: process.env,
  end: (code) => (process.exitCode = code),
});
