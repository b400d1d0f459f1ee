#!/usr/bin/env node
import { ferry } from './program.js';
import { processTerminal } from './terminal.js';

await ferry(process.argv.slice(2), {
  terminal: processTerminal(),
  environment: process.env,
  end: (code) => (process.exitCode = code),
});
