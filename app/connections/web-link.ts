import type { TemporalSettings } from '../config/temporal.js';

/** Where the web UI shows a migration, when it is known where the web UI is. */
export function webLink({ ui, namespace, connection }: TemporalSettings, id: string): string | undefined {
  const base =
    ui ??
    (/\.(tmprl\.cloud|temporal\.io)(:\d+)?$/.test(connection.address)
      ? 'https://cloud.temporal.io'
      : undefined);
  return base && `${base}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}`;
}
