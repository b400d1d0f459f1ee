import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';

/** Traces of workflows and activities, as a plugin for every worker of this process. */
export interface Traces {
  plugin: OpenTelemetryPlugin;
  /** Sends what is left; a receiver that does not answer is not waited for long. */
  close: () => Promise<void>;
}

const closeWithinMs = 5_000;

/**
 * Spans go to an OTLP receiver over HTTP; one that does not answer loses spans, and holds up nothing. They carry ids of
 * workflows, types of activities and the sentences of failures, all of it in clear; no payload.
 *
 * @param url of the receiver's traces, such as `http://127.0.0.1:4318/v1/traces`. Headers for it come from
 * `OTEL_EXPORTER_OTLP_HEADERS`, as OpenTelemetry has it.
 */
export function openTraces(url: string, taskQueue: string): Traces {
  const resource = new Resource({
    'service.name': process.env['OTEL_SERVICE_NAME'] || 'kafka-ferry',
    'service.namespace': taskQueue,
  });
  const spanProcessor = new BatchSpanProcessor(new OTLPTraceExporter({ url }));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  return {
    plugin: new OpenTelemetryPlugin({
      resource,
      spanProcessor,
      tracer: provider.getTracer('kafka-ferry'),
    }),
    close: () =>
      Promise.race([
        provider.shutdown(),
        new Promise<void>((resolve) => setTimeout(resolve, closeWithinMs).unref()),
      ]).catch(() => undefined),
  };
}
