import type { Cluster } from '../../kafka/cluster.js';
import { AivenClient, type Timing } from './client.js';
import { addRights, makeUsers, removeEntries } from './rights.js';
import { deleteBindings } from './acl-deletion.js';
import { bindingsOf, isPattern, passes } from './bindings.js';
import type { AivenConnection } from './connection.js';
import { entryOf, rightOf } from './entries.js';
import { AivenService } from './service.js';
import { serviceUser } from './service-user.js';
import { topicCalls } from './topics.js';
import { subjectRights } from './subject-rights.js';
import { translate } from './translation.js';
import type { Provisioner } from '../provisioner.js';
import { check, stateFindings } from './check.js';

export interface OpenedAiven {
  cluster: Cluster;
  provisioner: Provisioner;
}

/**
 * A cluster that is a service at Aiven: topics are made, and ACLs read and made, by the API instead of the brokers, which
 * show a service user neither ACLs nor their own configuration. Everything else is asked of the brokers.
 */
export function openAiven(brokers: Cluster, connection: AivenConnection, timing?: Timing): OpenedAiven {
  const service = new AivenService(brokers.name, new AivenClient(brokers.name, connection, timing));
  const makesUsers = connection.users === 'make';
  const principal = brokers.principal === undefined ? undefined : serviceUser(brokers.principal);
  const about = { cluster: brokers.name, service: connection.service, principal, makesUsers };
  const allTopics = async () => [...(await brokers.topics()).keys()];
  const cluster: Cluster = {
    ...brokers,
    principal,
    ...topicCalls(brokers, service),
    async acls(filter = {}) {
      const entries = (await service.entries()).filter(
        // What stands for a pattern is no ACL of one name, although it is told by names where Kafka has no such pattern.
        (entry) => filter.patternType !== 'literal' || entry.kind === 'native' || !isPattern(entry.topic),
      );
      return (await bindingsOf(entries, allTopics)).filter((acl) => passes(filter, acl));
    },
    createAcls: (bindings) => addRights(service, bindings),
    deleteAcls: (bindings) => deleteBindings(service, bindings),
  };
  return {
    cluster,
    provisioner: {
      plan: (wanted) => translate(brokers.name, wanted, connection.acls),
      planSubjects: async (wanted) =>
        wanted.length === 0 || (await service.facts()).registry === false
          ? { rights: [], findings: [] }
          : subjectRights(brokers.name, wanted),
      rights: async (only) =>
        (await (only ? service.entriesLike([entryOf(only)]) : service.everything())).map(rightOf),
      async make(rights) {
        if (makesUsers) await makeUsers(service, rights);
        return addRights(service, rights);
      },
      takeBack: (rights) => removeEntries(service, rights.map(entryOf)),
      check: (topics, principals) => check(about, service, topics, principals),
      state: async () => stateFindings(about, (await service.facts()).state),
    },
  };
}
