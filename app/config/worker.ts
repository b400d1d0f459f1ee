import { parseDuration } from '../../src/migration/duration.js';
import type { ConfigFile } from './schema.js';
import type { Environment } from './values.js';

export interface WorkerSettings {
  health: string | undefined;
  metrics: string | undefined;
  /** Where traces are sent by OTLP over HTTP. */
  traces: string | undefined;
  deployment: { name: string; build: string } | undefined;
  maxWatches: number;
  maxChanges: number;
  maxMirrors: number;
  shutdownGraceMs: number;
}

export function workerSettings(
  {
    health,
    metrics,
    traces,
    deployment,
    maxWatches,
    maxChanges,
    maxMirrors,
    shutdownGrace,
  }: ConfigFile['worker'],
  environment: Environment,
): WorkerSettings {
  const shutdownGraceMs = parseDuration(shutdownGrace) ?? 0;
  return {
    ...{
      health: health ?? environment['FERRY_HEALTH'],
      metrics,
      traces: traces ?? tracesOf(environment),
      deployment,
    },
    ...{ maxWatches, maxChanges, maxMirrors, shutdownGraceMs },
  };
}

/** As OpenTelemetry's own variables have it: of the first the whole address, of the second what comes before the path. */
function tracesOf(environment: Environment): string | undefined {
  const traces = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const all = environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return traces || (all ? `${all.replace(/\/+$/, '')}/v1/traces` : undefined);
}
