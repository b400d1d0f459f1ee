import { CloudEvent, HTTP } from 'cloudevents';
import type { Notice } from './notice.js';
import { post, type Address } from './post.js';
import { signed } from './signature.js';

export interface Webhook extends Address {
  /** `whsec_…`: absent, and nothing is signed. */
  secret?: string;
}

/** What the events of this project are called. */
export const eventType = (of: 'migration' | 'fleet', event: string): string =>
  `io.kafka-ferry.${of}.${event}`;

/** One request of CloudEvents 1.0 in structured mode, signed. */
export async function sendEvent(
  hook: Webhook,
  event: CloudEvent<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  const { headers, body } = HTTP.structured(event);
  const text = String(body);
  await post(
    hook,
    text,
    {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      ...(hook.secret !== undefined && signed(hook.secret, event.id, new Date(), text)),
    },
    signal,
  );
}

/** A notice as an event: whoever gets the same `id` and `source` twice has got one thing twice. */
export function eventOf(notice: Notice): CloudEvent<Notice> {
  const ofFleet = 'fleet' in notice;
  return new CloudEvent<Notice>({
    id: notice.id,
    type: eventType(ofFleet ? 'fleet' : 'migration', notice.event),
    source: `/kafka-ferry/${notice.workflowId}`,
    subject: ofFleet ? notice.fleet : notice.migration,
    time: notice.since,
    datacontenttype: 'application/json',
    data: notice,
  });
}
