import { linesOf, type Notice } from './notice.js';
import { post, type Address } from './post.js';

/** Slack takes no longer text in a block. */
const mostCharacters = 2_900;

/**
 * An incoming webhook as Slack has it and others take it too. Plain text in blocks, in which nothing is formatted; `text` is
 * for those that know no blocks, with what Slack would make a link or a mention of escaped.
 */
export async function sendMessage(chat: Address, notice: Notice, signal?: AbortSignal): Promise<void> {
  const lines = linesOf(notice);
  const body = JSON.stringify({
    text: lines.map(escaped).join('\n'),
    mrkdwn: false,
    unfurl_links: false,
    blocks: lines.map((line, index) => ({
      type: index === 0 ? 'header' : 'section',
      text: {
        type: 'plain_text',
        emoji: false,
        // A headline of Slack is shorter still.
        text: line.slice(0, index === 0 ? 150 : mostCharacters),
      },
    })),
  });
  await post(chat, body, { 'content-type': 'application/json' }, signal);
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
