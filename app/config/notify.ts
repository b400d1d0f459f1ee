import type { NotifySettings } from '../../src/notify/targets.js';
import type { Webhook } from '../../src/notify/webhook.js';
import type { ReportsSettings } from '../../src/report/account/keeper.js';
import {
  chatAddress,
  isMeantAsAddress,
  secretInFile,
  type NotifySection,
  type ReportsSection,
} from './notify-schema.js';
import { discreet, secretAddresses } from './discreet.js';
import { eachOf } from './tables.js';
import type { Files } from './values.js';

interface HookSection {
  url: string;
  secret?: string | undefined;
  secretFile?: string | undefined;
  ca?: string | undefined;
}

/** @param name what people are shown in place of the address */
function webhookOf(
  { url, secret, secretFile, ca }: HookSection,
  name: string,
  path: string,
  files: Files,
): Webhook {
  const key =
    secret ??
    (secretFile === undefined ? undefined : files.secret(secretFile, `${path}.secretFile`, secretInFile));
  return {
    ...{ name, url },
    ...(key !== undefined && { secret: key }),
    ...(ca !== undefined && { ca: files.pem(ca, 'certificate', `${path}.ca`) }),
  };
}

export function notifySettings(section: NotifySection, files: Files): NotifySettings {
  const { webhooks, chats, mail, everyone, teams } = section;
  return discreet(
    {
      webhooks: eachOf(webhooks, 'notify.webhooks', (one, path, name) => webhookOf(one, name, path, files)),
      chats: eachOf(chats, 'notify.chats', ({ url, urlFile, ca }, path, name) => ({
        ...{ name, url: url ?? files.secret(urlFile ?? '', `${path}.urlFile`, chatAddress) },
        ...(ca !== undefined && { ca: files.pem(ca, 'certificate', `${path}.ca`) }),
      })),
      ...(mail && { mail: mailServer(mail, files) }),
      ...{ everyone, teams },
    },
    secretAddresses,
  );
}

function mailServer(
  section: NonNullable<NotifySection['mail']>,
  files: Files,
): NonNullable<NotifySettings['mail']> {
  const { username, password, passwordFile, ca, ...server } = section;
  return {
    ...server,
    ...(ca !== undefined && { ca: files.pem(ca, 'certificate', 'notify.mail.ca') }),
    ...(username !== undefined && {
      login: { username, password: password ?? files.secret(passwordFile ?? '', 'notify.mail.passwordFile') },
    }),
  };
}

export function reportsSettings(section: ReportsSection, files: Files): ReportsSettings {
  const name = 'reports of ferry.yaml';
  const address = typeof section !== 'string' || isMeantAsAddress(section);
  if (!address) return { folder: files.path(section) };
  const hook = typeof section === 'string' ? { url: section } : section;
  return discreet({ webhook: webhookOf(hook, name, 'reports', files) }, secretAddresses);
}
