import { z } from 'zod';
import { defaultTaskQueue } from '../../src/migration/queues.js';
import { literalSecrets } from '../../src/connect/secret-references.js';
import { parseDuration } from '../../src/migration/duration.js';
import { aclWords, missingUsers } from '../../src/provision/aiven/connection.js';
import { files, nais } from './declaring-schema.js';
import { httpAddress } from './http-address.js';
import { notify, reports } from './notify-schema.js';

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

const hostAndPort = z
  .string({ error: 'expected host:port' })
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/, {
    error: 'expected host:port, for example 127.0.0.1:9092',
  });

const file = text('expected the path of a file');

const tlsFiles = z.strictObject({
  ca: file.optional(),
  certificate: file.optional(),
  key: file.optional(),
  keyPassword: text('expected the password of the key').optional(),
});

/** `true` trusts what this machine trusts; the object says whom to trust and who we are. Files are PEM. */
const tls = z.union(
  [
    z.boolean(),
    tlsFiles.refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
      error: 'expected certificate and key together',
    }),
  ],
  { error: 'expected true, or an object with ca, certificate and key' },
);

const passwordLogin = z
  .strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: text('expected a user name'),
    password: text('expected a password, best as ${NAME} from the environment').optional(),
    passwordFile: file.optional(),
  })
  .refine(({ password, passwordFile }) => (password === undefined) !== (passwordFile === undefined), {
    error: 'expected either password or passwordFile',
  });

const tokenEndpoint = z
  .strictObject({
    url: httpAddress(
      'the address of a token endpoint',
      'https://login.example.com/oauth2/token',
      'give clientId, and clientSecret or clientSecretFile',
    ),
    clientId: text('expected the id of a client'),
    clientSecret: text('expected a secret, best as ${NAME} from the environment').optional(),
    clientSecretFile: file.optional(),
    authentication: z.enum(['basic', 'body'], { error: 'expected basic or body' }).default('basic'),
    scope: text('expected scopes, with a space between').optional(),
    audience: text('expected an audience').optional(),
    tls: tls.optional(),
  })
  .refine(
    ({ clientSecret, clientSecretFile }) => (clientSecret === undefined) !== (clientSecretFile === undefined),
    { error: 'expected either clientSecret or clientSecretFile' },
  )
  .refine(({ url, tls }) => tls === undefined || tls === false || url.startsWith('https:'), {
    error: 'expected an address with https beside tls',
  });

/** As brokers check them (`OAuthBearerClientInitialResponse`); `auth` is the token itself. */
const extensions = z.record(
  z.string().regex(/^(?!auth$)[A-Za-z]+$/),
  z.string({ error: 'expected text' }).regex(/^[\x20-\x7e]+$/, { error: 'expected text of ASCII' }),
  { error: 'expected SASL extensions by names of letters, other than auth' },
);

const tokenLogin = z
  .strictObject({
    mechanism: z.literal('oauthbearer'),
    tokenEndpoint: tokenEndpoint.optional(),
    tokenFile: file.optional(),
    extensions: extensions.optional(),
  })
  .refine(({ tokenEndpoint, tokenFile }) => (tokenEndpoint === undefined) !== (tokenFile === undefined), {
    error: 'expected either tokenEndpoint or tokenFile',
  });

const mskLogin = z
  .strictObject({
    mechanism: z.literal('aws-msk-iam'),
    region: z
      .string({ error: 'expected a region of AWS' })
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'expected a region of AWS, for example eu-north-1' }),
    profile: text('expected the name of a profile').optional(),
    role: z
      .string({ error: 'expected the ARN of a role' })
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, {
        error: 'expected the ARN of a role, for example arn:aws:iam::123456789012:role/ferry',
      })
      .optional(),
  })
  .refine(({ profile, role }) => profile === undefined || role === undefined, {
    error: 'expected either profile or role, or none of them',
  });

const ticketLogin = z
  .strictObject({
    mechanism: z.literal('gssapi'),
    keytab: file.optional(),
    cache: text('expected a credential cache, for example FILE:/tmp/krb5cc_1000').optional(),
    principal: z
      .string({ error: 'expected a principal' })
      .regex(/^[^\s@]+@[^\s@]+$/, {
        error: 'expected a principal with its realm, for example ferry@EXAMPLE.COM',
      })
      .optional(),
    service: z
      .string({ error: 'expected the name of a service' })
      .regex(/^[^\s@/]+$/, {
        error: 'expected the first part of the principals of the brokers, for example kafka',
      })
      .default('kafka'),
    krb5Conf: file.optional(),
  })
  .refine(({ keytab, cache }) => (keytab === undefined) !== (cache === undefined), {
    error: 'expected either keytab or cache',
  })
  .refine(({ keytab, principal }) => keytab === undefined || principal !== undefined, {
    error: 'expected principal beside keytab: whose keys are meant',
  });

const sasl = z.discriminatedUnion('mechanism', [passwordLogin, tokenLogin, mskLogin, ticketLogin], {
  error: 'expected plain, scram-sha-256, scram-sha-512, oauthbearer, aws-msk-iam or gssapi',
});

/** What of a service at Aiven stands in a path of its API. */
const aivenName = (what: string) =>
  z
    .string({ error: `expected the name of a ${what} at Aiven` })
    .regex(/^[A-Za-z0-9][\w-]{0,63}$/, { error: `expected the name of a ${what} at Aiven` });

const aiven = z
  .strictObject({
    kind: z.literal('aiven'),
    project: aivenName('project'),
    service: aivenName('service'),
    token: text('expected a token of Aiven, best as ${NAME} from the environment').optional(),
    tokenFile: file.optional(),
    url: z
      .url({
        protocol: /^https?$/,
        error: "expected the address of Aiven's API, for example https://api.aiven.io/v1",
      })
      .refine((url) => !URL.canParse(url) || isProtected(new URL(url)), {
        error: 'expected an address with https and without a login: a token goes there',
      })
      .optional(),
    acls: z.enum(aclWords, { error: `expected ${aclWords.join(', ')}` }).default('auto'),
    users: z.enum(missingUsers, { error: `expected ${missingUsers.join(', ')}` }).default('ask'),
  })
  .refine(({ token, tokenFile }) => (token === undefined) !== (tokenFile === undefined), {
    error: 'expected either token or tokenFile',
  });

/** Nobody listens between a machine and itself. */
const isProtected = ({ protocol, hostname, username, password }: URL): boolean =>
  username === '' &&
  password === '' &&
  (protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));

/** How topics and grants come to the cluster. */
const provision = z.discriminatedUnion(
  'kind',
  [z.strictObject({ kind: z.literal('kafka') }), aiven, nais, files],
  { error: 'expected an object whose kind is kafka, aiven, nais or files' },
);

const cluster = z.strictObject({
  bootstrap: z
    .array(hostAndPort, { error: 'expected a list of host:port' })
    .min(1, { error: 'expected at least one host:port' }),
  sasl: sasl.optional(),
  tls: tls.optional(),
  /** How topics and rights come to it: by Kafka's own requests unless told. */
  provision: provision.optional(),
});

/** How the ferry logs in to a service that speaks HTTP. */
const httpLogin = {
  username: text('expected a user name').optional(),
  password: text('expected a password, best as ${NAME} from the environment').optional(),
  passwordFile: file.optional(),
  tls: tls.optional(),
};

const wholeLogin = {
  check: ({ username, password, passwordFile }: { [Key in keyof typeof httpLogin]?: unknown }) =>
    username === undefined
      ? password === undefined && passwordFile === undefined
      : (password === undefined) !== (passwordFile === undefined),
  error: 'expected username together with either password or passwordFile',
};

const ofHttpLogin = 'give username, and password or passwordFile';

const registry = z
  .strictObject({
    url: httpAddress('the address of a registry', 'https://registry:8081', ofHttpLogin),
    ...httpLogin,
  })
  .refine(wholeLogin.check, { error: wholeLogin.error })
  .refine(({ url, tls }) => tls === undefined || tls === false || url.startsWith('https:'), {
    error: 'expected an address with https beside tls',
  });

const clientProperties = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String), {
    error: 'expected client properties of Kafka, such as bootstrap.servers',
  })
  .refine((properties) => properties['bootstrap.servers'] !== undefined, {
    error: 'expected bootstrap.servers, as the Connect workers reach the cluster',
  })
  .refine((properties) => literalSecrets(properties).length === 0, {
    error:
      'expected every secret as a reference to a config provider of Connect, such as ${file:/etc/kafka/ferry.properties:password}: connector configurations can be read by whoever may ask Connect',
  });

/** Kafka Connect with MirrorMaker 2: its REST interface, and how its connectors reach the two clusters. */
const connect = z
  .strictObject({
    url: httpAddress('the address of the REST interface', 'http://connect.example.com:8083', ofHttpLogin),
    ...httpLogin,
    sourceClient: clientProperties,
    targetClient: clientProperties,
  })
  .refine(wholeLogin.check, { error: wholeLogin.error });

/** What encodes payloads before they leave this machine: a module, and what it is given. */
const codecModule = text('expected aes-gcm, the path of a module, or the name of a package');
const codec = z.union(
  [
    codecModule,
    z.strictObject({ module: codecModule, options: z.record(z.string(), z.unknown()).optional() }),
  ],
  { error: 'expected a module, or an object with module and options' },
);

/** With `address` this section says all about the connection; without, Temporal's own environment configuration does. */
const temporal = z
  .strictObject({
    address: hostAndPort.optional(),
    namespace: text('expected the name of a namespace').optional(),
    taskQueue: text('expected the name of a task queue').default(defaultTaskQueue),
    tls: tls.optional(),
    apiKey: text('expected an API key, best as ${NAME} from the environment').optional(),
    codec: codec.optional(),
    ui: httpAddress('the address of the web UI', 'http://127.0.0.1:8233').optional(),
  })
  .refine(
    ({ address, tls, apiKey }) => address !== undefined || (tls === undefined && apiKey === undefined),
    {
      error: 'expected address beside tls or apiKey',
    },
  );

const count = (fallback: number) =>
  z.int({ error: 'expected a whole number' }).min(1).max(100_000).default(fallback);

/** A version of a worker deployment, as Temporal names it. */
const deployment = z.strictObject({
  name: z
    .string({ error: 'expected the name of the deployment' })
    .regex(/^[\w-]{1,100}$/, { error: 'expected the name of the deployment: letters, digits, - and _' }),
  build: z
    .string({ error: 'expected the id of this build, quoted where it is a number' })
    .regex(/^[\w.-]{1,100}$/, { error: 'expected the id of this build: letters, digits, dots, - and _' }),
});

const worker = z.strictObject({
  /** Where `/healthz` and `/readyz` answer. */
  health: hostAndPort.optional(),
  /** Where Prometheus finds the metrics. */
  metrics: hostAndPort.optional(),
  /** Where traces are sent by OTLP over HTTP. */
  traces: httpAddress('the address of an OTLP receiver', 'http://127.0.0.1:4318/v1/traces').optional(),
  /** Whose migrations stay with the build that began them until they go on in a new run. */
  deployment: deployment.optional(),
  /** A waiting migration holds one: the number of migrations that one worker watches at once. */
  maxWatches: count(2000),
  /** Changes and checks under way at once. */
  maxChanges: count(20),
  /** Shares of mirrors that this worker copies at once; each keeps up to 64 MiB of records in memory. */
  maxMirrors: count(8),
  /** How long changes under way may take to end when the worker is stopped. */
  shutdownGrace: z
    .string()
    .refine((value) => parseDuration(value) !== null, { error: 'expected a duration such as 10s or 1m' })
    .default('10s'),
});

const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):\d+$/;

/** `ferry codec-server`. */
const codecServer = z
  .strictObject({
    address: hostAndPort,
    origins: z
      .array(
        z.string({ error: 'expected an origin' }).regex(/^https?:\/\/[^/\s*]+$/, {
          error: 'expected the origin of a web UI, for example https://temporal-ui.example.com',
        }),
        { error: 'expected a list of origins' },
      )
      .default([]),
    authorization: z.enum(['temporal', 'token', 'none'], { error: 'expected temporal, token or none' }),
    token: text('expected a token, best as ${NAME} from the environment').optional(),
    tokenFile: file.optional(),
    tls: z
      .strictObject(
        { certificate: file, key: file },
        { error: 'expected an object with certificate and key' },
      )
      .optional(),
  })
  .refine(
    ({ authorization, token, tokenFile }) =>
      authorization === 'token'
        ? (token === undefined) !== (tokenFile === undefined)
        : token === undefined && tokenFile === undefined,
    { error: 'expected either token or tokenFile where authorization is token, and none of them elsewhere' },
  )
  .refine(({ authorization, address }) => authorization !== 'none' || loopback.test(address), {
    error:
      'expected authorization temporal or token: what listens beyond this machine would decode for everybody',
  });

export const configShape = z.strictObject(
  {
    temporal: temporal.prefault({}),
    clusters: z.record(z.string(), cluster, { error: 'expected the clusters by name' }).default({}),
    registries: z.record(z.string(), registry, { error: 'expected the registries by name' }).default({}),
    connect: z.record(z.string(), connect, { error: 'expected each Kafka Connect by name' }).default({}),
    notify: notify.optional(),
    reports: reports.optional(),
    worker: worker.prefault({}),
    codecServer: codecServer.optional(),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'expected a configuration: an object with clusters, and where needed temporal and worker'
        : undefined,
  },
);

export type ConfigFile = z.output<typeof configShape>;
export type ClusterSection = z.output<typeof cluster>;
export type TokenEndpointSection = z.output<typeof tokenEndpoint>;
export type SaslSection = z.output<typeof sasl>;
export type ProvisionSection = z.output<typeof provision>;
export type RegistrySection = z.output<typeof registry>;

export type TlsSection = z.output<typeof tls>;
