import { z } from 'zod';
import { isAddress } from '../../src/notify/address.js';
import { isSecret } from '../../src/notify/signature.js';
import { httpAddress } from './http-address.js';

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });
const file = text('expected the path of a file');

/** As the operator has it: trusted, whatever address that is. */
const webAddress = (what: string) => httpAddress(`the address of ${what}`, 'https://hooks.example.com/ferry');

const secretShape = 'expected whsec_ and 24 to 64 bytes in base64';
const secret = z.string({ error: 'expected a secret of a webhook' }).refine(isSecret, {
  error: `${secretShape}, best as \${NAME} from the environment`,
});

/** What stands in a `secretFile`. */
export const secretInFile = z.string().refine(isSecret, { error: `${secretShape} in the file` });

const oneOf = (one: string, other: string) => ({
  check: (section: Readonly<Record<string, unknown>>) =>
    (section[one] === undefined) !== (section[other] === undefined),
  error: `expected either ${one} or ${other}`,
});

const notBoth = (one: string, other: string) => ({
  check: (section: Readonly<Record<string, unknown>>) =>
    section[one] === undefined || section[other] === undefined,
  error: `expected either ${one} or ${other}`,
});

const hookKeys = {
  secret: secret.optional(),
  secretFile: file.optional(),
  ca: file.optional(),
};

const webhook = z
  .strictObject({ url: webAddress('a webhook'), ...hookKeys })
  .refine(notBoth('secret', 'secretFile').check, { error: notBoth('secret', 'secretFile').error });

/** The address of an incoming webhook is its secret, and stands in a `urlFile` too. */
export const chatAddress = webAddress('an incoming webhook');

const chat = z
  .strictObject({
    url: chatAddress.optional(),
    urlFile: file.optional(),
    ca: file.optional(),
  })
  .refine(oneOf('url', 'urlFile').check, { error: oneOf('url', 'urlFile').error });

const mail = z
  .strictObject({
    host: text('expected the name of a mail server'),
    port: z.int({ error: 'expected a port' }).min(1).max(65_535).default(587),
    tls: z
      .enum(['starttls', 'implicit', 'none'], { error: 'expected starttls, implicit or none' })
      .default('starttls'),
    ca: file.optional(),
    username: text('expected a user name').optional(),
    password: text('expected a password, best as ${NAME} from the environment').optional(),
    passwordFile: file.optional(),
    from: text('expected who the mail is from').refine(isAddress, { error: 'expected an e-mail address' }),
  })
  .refine(
    ({ username, password, passwordFile }) =>
      username === undefined
        ? password === undefined && passwordFile === undefined
        : (password === undefined) !== (passwordFile === undefined),
    { error: 'expected username together with either password or passwordFile' },
  )
  .refine(({ username, tls }) => username === undefined || tls !== 'none', {
    error: 'expected starttls or implicit beside a login: the password would go over the network as it is',
  });

const whom = z.array(text('expected the name of a webhook or a chat, or an e-mail address'), {
  error: 'expected a list of webhooks, chats and e-mail addresses',
});

/** Whom to tell of migrations. */
export const notify = z
  .strictObject({
    webhooks: z.record(z.string(), webhook, { error: 'expected webhooks by name' }).default({}),
    chats: z.record(z.string(), chat, { error: 'expected chats by name' }).default({}),
    mail: mail.optional(),
    everyone: whom.default([]),
    teams: z.record(z.string(), whom, { error: 'expected teams by name, each with a list' }).default({}),
  })
  .superRefine(({ webhooks, chats, mail: server, everyone, teams }, context) => {
    const look = (names: readonly string[], path: (string | number)[]) =>
      names.forEach((name, index) => {
        const known = Object.hasOwn(webhooks, name) || Object.hasOwn(chats, name);
        if (isAddress(name) ? server !== undefined : known) return;
        context.addIssue({
          code: 'custom',
          path: [...path, index],
          message: isAddress(name)
            ? 'expected notify.mail, since this is an e-mail address'
            : 'expected a name under notify.webhooks or notify.chats, or an e-mail address',
        });
      });
    look(everyone, ['everyone']);
    for (const [team, names] of Object.entries(teams)) look(names, ['teams', team]);
    for (const name of Object.keys(chats))
      if (Object.hasOwn(webhooks, name))
        context.addIssue({
          code: 'custom',
          path: ['chats', name],
          message: 'expected a name that no webhook has',
        });
  });

const takesReports = webAddress('who takes reports');

/** Whether the text of `reports` is meant as an address, and not as a folder. */
export const isMeantAsAddress = (reports: string): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(reports);

/** Where reports of migrations that have ended go: a folder, or an address that takes them. */
export const reports = z.union(
  [
    text('expected a folder or an address').superRefine((value, context) => {
      const wrong = isMeantAsAddress(value) ? takesReports.safeParse(value).error?.issues : undefined;
      for (const { message } of wrong ?? []) context.addIssue({ code: 'custom', message });
    }),
    z
      .strictObject({ url: takesReports, ...hookKeys })
      .refine(notBoth('secret', 'secretFile').check, { error: notBoth('secret', 'secretFile').error }),
  ],
  { error: 'expected a folder, an address, or an object with url and secret' },
);

export type NotifySection = z.output<typeof notify>;
export type ReportsSection = z.output<typeof reports>;
