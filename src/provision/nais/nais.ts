import { workloadText } from '../../migration/workload.js';
import { few } from '../../migration/foreign-text.js';
import type { Declaring, DeclaredAccess, DeclaredTopic } from '../declaring.js';
import { declaredAccess } from './declared-access.js';
import { declaredTopic, type NaisTopic } from './declared-topic.js';
import { topicFile } from './topic-file.js';
import { resourceOf } from './topic-name.js';

export interface NaisTarget {
  /** `spec.pool`: the Aiven project, for example `nav-prod`. */
  pool: string;
  /** Where the Topics are; their full names begin with it. */
  namespace: string;
}

/** Topics that a controller of the platform (kafkarator) makes from Topic resources in Kubernetes. */
export function nais({ pool, namespace }: NaisTarget): Declaring {
  return {
    by: 'nais',
    from: 'its Topic resource',
    topic: (wanted) => declaredTopic(wanted, namespace),
    access: declaredAccess,
    files: (_migration, topics, access) =>
      topics.flatMap((declared) => {
        const name = resourceOf(declared.topic.name, namespace);
        // What no Topic can be called is a mistake of its own.
        if (name === undefined || !isOfNais(declared)) return [];
        const acl = access.grants.filter(({ topic }) => topic === declared.topic.name);
        const { config, losses } = declared;
        return [{ path: `${name}.yaml`, text: topicFile({ name, namespace, pool, config, acl, losses }) }];
      }),
    beside: (access) => applicationsOf(access, pool),
  };
}

const isOfNais = (declared: DeclaredTopic): declared is NaisTopic => 'config' in declared;

function applicationsOf({ grants }: DeclaredAccess, pool: string): string[] {
  const applications = [...new Set(grants.map(workloadText))];
  if (applications.length === 0) return [];
  return [
    `Each of ${few(applications)} needs kafka.pool: ${pool} under spec of its Application, and connects by mTLS with the variables KAFKA_…, which it then gets.`,
    'One that uses Kafka Streams needs kafka.streams: true as well. Its application.id then has to begin with <namespace>.<name>_stream_, so its group and its internal topics are others than on the source.',
  ];
}
