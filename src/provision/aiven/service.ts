import { z } from 'zod';
import { FerryError } from '../../migration/errors.js';
import type { components } from './api.js';
import type { AivenClient, Api } from './client.js';
import {
  entryKey,
  entryText,
  type AivenEntry,
  type Held,
  type HeldEntry,
  type KafkaEntry,
  type RegistryEntry,
} from './entries.js';

type NewAcl = components['schemas']['NewAcl'];
type NewNativeAcl = components['schemas']['NewNativeAcl'];

export interface NewAivenTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  /** By the API's names, such as `retention_ms`. */
  readonly config: Readonly<Record<string, string | number | boolean>>;
}

const service = z.object({
  service: z.object({
    state: z.string(),
    // Beside the names there are passwords and keys, which go no further than this.
    users: z.array(z.object({ username: z.string() })).default([]),
    components: z.array(z.object({ component: z.string() })).optional(),
  }),
});

const topic = z.object({ topic: z.object({ state: z.string() }) });

const registryAcls = z.object({
  acl: z.array(
    z.object({
      id: z.string().optional(),
      permission: z.enum(['schema_registry_read', 'schema_registry_write']),
      resource: z.string(),
      username: z.string(),
    }),
  ),
});

const acls = z.object({
  acl: z.array(
    z.object({
      id: z.string().optional(),
      permission: z.enum(['admin', 'read', 'readwrite', 'write']),
      topic: z.string(),
      username: z.string(),
    }),
  ),
  kafka_acl: z.array(
    z.object({
      id: z.string(),
      operation: z.string(),
      pattern_type: z.string(),
      permission_type: z.string(),
      principal: z.string(),
      resource_name: z.string(),
      resource_type: z.string(),
      host: z.string(),
    }),
  ),
});

/** What Aiven's own clients ask of a list for. The API says nothing of pages, and of a list that it cut off nothing either. */
const mostListed = 999;

/** One Kafka service at Aiven, by the calls of its API that the ferry needs. @throws FerryError, see `refusal.ts` */
export class AivenService {
  constructor(
    private readonly cluster: string,
    private readonly client: AivenClient,
  ) {}

  /**
   * `RUNNING`, `POWEROFF`, `REBALANCING`, `REBUILDING`, the names of its users, and whether it has a schema registry;
   * `undefined`: the API does not tell what the service is made of.
   */
  async facts(): Promise<{ state: string; users: string[]; registry: boolean | undefined }> {
    const { body } = await this.client.ask({ about: 'its users', changes: false }, (api, options) =>
      api.GET('/project/{project}/service/{service_name}', {
        params: { path: this.client.path },
        ...options,
      }),
    );
    const { state, users, components } = this.read(service, body).service;
    return {
      state,
      users: users.map(({ username }) => username),
      registry: components?.some(({ component }) => component === 'schema_registry'),
    };
  }

  /** There already is as well. Its password and keys are in the answer, which is thrown away: people fetch them. */
  async createUser(username: string): Promise<void> {
    await this.client.ask(
      { about: `the service user ${username}`, changes: true },
      (api, options) =>
        api.POST('/project/{project}/service/{service_name}/user', {
          params: { path: this.client.path },
          body: { username },
          ...options,
        }),
      { accepted: [409] },
    );
  }

  /**
   * `conflict`: it was there before this call. What a first request of the call has made although its answer was lost, the
   * second finds: that is `made`.
   */
  async createTopic(
    { name, ...wanted }: NewAivenTopic,
    signal?: AbortSignal,
  ): Promise<'made' | 'conflict' | 'deleting'> {
    const { status, code, repeated } = await this.client.ask(
      { about: `the topic ${name}`, changes: true },
      (api, options) =>
        api.POST('/project/{project}/service/{service_name}/topic', {
          params: { path: this.client.path },
          body: { topic_name: name, ...wanted, config: { ...wanted.config } },
          ...options,
        }),
      { accepted: [409], signal },
    );
    if (status !== 409) return 'made';
    if (code === 'not_powered')
      throw this.client.refused({ about: `the topic ${name}`, changes: true }, { status, code });
    const state = code === 'kafka_topic_queued_for_deletion' ? 'DELETING' : await this.topicState(name);
    // What was in the way and is not there any more has just been deleted.
    if (state === undefined || state === 'DELETING') return 'deleting';
    return repeated ? 'made' : 'conflict';
  }

  /** `ACTIVE`, `CONFIGURING`, `DELETING`; `undefined` where there is none of that name. */
  async topicState(name: string): Promise<string | undefined> {
    const { status, body } = await this.client.ask(
      { about: `the topic ${name}`, changes: false },
      (api, options) =>
        api.GET('/project/{project}/service/{service_name}/topic/{topic_name}', {
          params: { path: { ...this.client.path, topic_name: name } },
          ...options,
        }),
      { accepted: [404] },
    );
    return status === 404 ? undefined : this.read(topic, body).topic.state;
  }

  /** By name, since the API knows no ids. Gone already is as well. */
  async deleteTopic(name: string, signal?: AbortSignal): Promise<void> {
    await this.client.ask(
      { about: `the topic ${name}`, changes: true },
      (api, options) =>
        api.DELETE('/project/{project}/service/{service_name}/topic/{topic_name}', {
          params: { path: { ...this.client.path, topic_name: name } },
          ...options,
        }),
      { accepted: [404], signal },
    );
  }

  /** Every entry that there is. A service without a schema registry is not asked for those of one. */
  async everything(): Promise<HeldEntry[]> {
    const { registry } = await this.facts();
    return [...(await this.entries()), ...(registry === false ? [] : await this.registryEntries())];
  }

  /** Those among which these may be. */
  async entriesLike(wanted: readonly AivenEntry[]): Promise<HeldEntry[]> {
    const ofRegistry = wanted.some(({ kind }) => kind === 'registry');
    return [...(await this.entries()), ...(ofRegistry ? await this.registryEntries() : [])];
  }

  /** Those for its schema registry. None has a service without one. */
  async registryEntries(): Promise<Held<RegistryEntry>[]> {
    const { status, body } = await this.client.ask(
      { about: 'the ACLs of its schema registry', changes: false },
      (api, options) =>
        api.GET('/project/{project}/service/{service_name}/kafka/schema-registry/acl', {
          params: { path: this.client.path, query: { limit: mostListed } },
          ...options,
        }),
      { accepted: [404] },
    );
    if (status === 404) return [];
    const { acl } = this.read(registryAcls, body);
    this.insistWhole('ACLs of the schema registry', acl.length);
    return acl.map((entry) => ({ kind: 'registry', ...entry }));
  }

  /** Every entry of both kinds that the brokers decide by. */
  async entries(): Promise<Held<KafkaEntry>[]> {
    const { body } = await this.client.ask({ about: 'its ACLs', changes: false }, (api, options) =>
      api.GET('/project/{project}/service/{service_name}/kafka/acl', {
        params: { path: this.client.path, query: { limit: mostListed } },
        ...options,
      }),
    );
    const { acl, kafka_acl } = this.read(acls, body);
    // Whether each kind is cut off, or both together, nobody says.
    this.insistWhole('ACLs', acl.length, kafka_acl.length, acl.length + kafka_acl.length);
    return [
      ...acl.map(({ id, permission, topic, username }): Held<KafkaEntry> => ({
        id,
        kind: 'aiven',
        permission,
        topic,
        username,
      })),
      ...kafka_acl.map((one): Held<KafkaEntry> => ({
        id: one.id,
        kind: 'native',
        operation: one.operation,
        patternType: one.pattern_type,
        permission: one.permission_type,
        principal: one.principal,
        resourceName: one.resource_name,
        resourceType: one.resource_type,
        host: one.host,
      })),
    ];
  }

  /**
   * The API takes the same entry of its own kind twice, so it is looked for before each request but the first: whoever calls
   * this has looked already. Of the native kind it keeps each entry once, and refuses one whose first request was done
   * although its answer was lost, and the list does not show it yet.
   */
  async add(entry: AivenEntry): Promise<void> {
    const asked = { about: entryText(entry), changes: true };
    const accepted = entry.kind === 'native' ? [409] : [];
    for (let attempt = 1; ; attempt += 1) {
      const sent = await this.client.askOnce(asked, (api, options) => this.post(api, entry, options), {
        attempt,
        accepted,
      });
      if (sent?.status === 409 && sent.code !== undefined) throw this.client.refused(asked, sent);
      if (sent) return;
      const key = entryKey(entry);
      const there = entry.kind === 'registry' ? await this.registryEntries() : await this.entries();
      if (there.some((held) => entryKey(held) === key)) return;
    }
  }

  private post(api: Api, entry: AivenEntry, options: { signal: AbortSignal }) {
    const params = { path: this.client.path };
    if (entry.kind === 'aiven') {
      const { permission, topic, username } = entry;
      return api.POST('/project/{project}/service/{service_name}/acl', {
        params,
        body: { permission, topic, username } satisfies NewAcl,
        ...options,
      });
    }
    if (entry.kind === 'registry') {
      const { permission, resource, username } = entry;
      return api.POST('/project/{project}/service/{service_name}/kafka/schema-registry/acl', {
        params,
        body: { permission, resource, username },
        ...options,
      });
    }
    return api.POST('/project/{project}/service/{service_name}/kafka/acl', {
      params,
      body: {
        operation: entry.operation,
        pattern_type: entry.patternType,
        permission_type: entry.permission,
        principal: entry.principal,
        resource_name: entry.resourceName,
        resource_type: entry.resourceType,
        host: entry.host,
      } as NewNativeAcl,
      ...options,
    });
  }

  /** Gone already is as well. */
  async remove({ id, ...entry }: HeldEntry & { id: string }): Promise<void> {
    await this.client.ask(
      { about: entryText(entry), changes: true },
      (api, options) => this.delete(api, entry.kind, id, options),
      { accepted: [404] },
    );
  }

  private delete(api: Api, kind: AivenEntry['kind'], id: string, options: { signal: AbortSignal }) {
    const path = { ...this.client.path, kafka_acl_id: id };
    switch (kind) {
      case 'aiven':
        return api.DELETE('/project/{project}/service/{service_name}/acl/{kafka_acl_id}', {
          params: { path },
          ...options,
        });
      case 'native':
        return api.DELETE('/project/{project}/service/{service_name}/kafka/acl/{kafka_acl_id}', {
          params: { path },
          ...options,
        });
      case 'registry':
        return api.DELETE(
          '/project/{project}/service/{service_name}/kafka/schema-registry/acl/{schema_registry_acl_id}',
          { params: { path: { ...this.client.path, schema_registry_acl_id: id } }, ...options },
        );
    }
  }

  /** Of what a list that was cut off does not show, nobody can say that it is not there. */
  private insistWhole(what: string, ...lengths: number[]): void {
    if (!lengths.includes(mostListed)) return;
    throw new FerryError(
      'Unsupported',
      `Aiven's API shows ${mostListed} ${what} for cluster "${this.cluster}" and not whether there are more, so that nobody can tell which are missing: join some by patterns until there are fewer, or say provision: files for the cluster in ferry.yaml and let others make them.`,
    );
  }

  private read<T>(shape: z.ZodType<T>, body: unknown): T {
    const parsed = shape.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new FerryError(
      'Unexpected',
      `Aiven's API answers for cluster "${this.cluster}" in a shape that the ferry does not know: check url under provision in ferry.yaml, or use a newer ferry.`,
    );
  }
}
