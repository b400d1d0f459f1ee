import { under } from '../migration/by-name.js';
import type { Migration } from '../migration/file.js';
import { isAddress } from './address.js';
import { sendMessage } from './chat.js';
import { sendMail, type MailServer } from './mail.js';
import type { Notice } from './notice.js';
import type { Address } from './post.js';
import { eventOf, sendEvent, type Webhook } from './webhook.js';

/** Whom `ferry.yaml` knows, by the names that it gives them. */
export interface NotifySettings {
  webhooks: Readonly<Record<string, Webhook>>;
  chats: Readonly<Record<string, Address>>;
  mail?: MailServer;
  /** Names of webhooks and chats, and e-mail addresses: for every migration and fleet, and for those of a team. */
  everyone: readonly string[];
  teams: Readonly<Record<string, readonly string[]>>;
}

/** Somebody who can be told. */
export interface Target {
  /** The same for each try, so that nobody is told twice. */
  name: string;
  tell(notice: Notice, signal?: AbortSignal): Promise<void>;
}

/** Those of whom `ferry.yaml` names nobody. */
export const unknownTeams = (known: NotifySettings['teams'], teams: readonly string[]): string[] =>
  teams.filter((team) => under(known, team) === undefined);

/**
 * Whom to tell of a migration or a fleet, each once, and a sentence for each that is not known.
 */
export function targetsOf(
  settings: NotifySettings,
  { notify, team: owner }: Pick<Migration, 'notify' | 'team'>,
): { targets: Target[]; missing: string[] } {
  const missing = unknownTeams(settings.teams, notify?.teams ?? []).map(
    (team) => `Team ${team} was not told: ferry.yaml has no such team under notify.teams.`,
  );
  const names = new Set([...settings.everyone, ...(notify?.addresses ?? [])]);
  // Who owns the topics need not be known here: lists are filtered by the same word.
  for (const name of (owner !== undefined && under(settings.teams, owner)) || []) names.add(name);
  for (const team of notify?.teams ?? [])
    for (const name of under(settings.teams, team) ?? []) names.add(name);
  const mails = [...names].filter(isAddress);
  const { mail } = settings;
  if (mails.length > 0 && !mail)
    missing.push('No mail was sent: ferry.yaml names no mail server under notify.mail.');
  return {
    targets: [
      ...[...names].flatMap((name): Target[] => {
        const hook = under(settings.webhooks, name);
        const chat = under(settings.chats, name);
        if (hook) return [{ name, tell: (notice, signal) => sendEvent(hook, eventOf(notice), signal) }];
        return chat ? [{ name, tell: (notice, signal) => sendMessage(chat, notice, signal) }] : [];
      }),
      // One mail to each, so that nobody sees who else gets it and one that is refused takes no other with it.
      ...(mail
        ? mails.map((address): Target => ({
            name: address,
            tell: (notice) => sendMail(mail, [address], notice),
          }))
        : []),
    ],
    missing,
  };
}
