/**
 * Notices as messages: a mail, a Slack message, a Teams card. Each carries facts and perhaps a link, never a decision and no token:
 * whoever wants to decide signs in. Texts of others are data in all of them, never markup, and no message passes its limit.
 */
import type { Mail, Notice } from '../contract/notices.ts';
import { clip } from './notice.ts';

export interface MessageContext {
  /** of the ledger */
  readonly origin: string;
  /** where people look at change-sets: their id follows. Absent: they are told what to type */
  readonly link?: string;
}

const MAX_SUBJECT = 140;
/** Of one mail; the rest is counted. */
const MAX_IN_MAIL = 50;
/** Slack: 50 blocks, 3,000 characters each, 40,000 in all. Teams: 28 KB of card. Both are kept to well below. */
const MAX_CHAT_BYTES = 20_000;
const MAX_IN_CHAT = 20;
const FOOT = 'This message decides nothing, and no answer to it is read. Sign in to decide.';

export function mailOf(
  notices: readonly Notice[],
  { to, id, ...context }: MessageContext & Pick<Mail, 'to' | 'id'>,
): Mail {
  const told = notices.slice(0, MAX_IN_MAIL);
  const more = moreOf(notices.length - told.length);
  const text = [...told.map((notice) => textOf(notice, context)), ...more, `-- \n${context.origin}\n${FOOT}`];
  const html = [...told.map((notice) => htmlOf(notice, context)), ...more.map((line) => `<p>${escape(line)}</p>`)];
  const foot = `<hr><p>${escape(context.origin)}<br>${escape(FOOT)}</p>`;
  return {
    ...{ id, to, subject: headOf(notices) },
    text: `${text.join('\n\n')}\n`,
    html: `<!doctype html><html><head><meta charset="utf-8"></head><body>${html.join('\n')}\n${foot}</body></html>\n`,
  };
}

/** For an incoming webhook. Blocks of plain text: what looks like a mention or a link in it is neither. */
export function slackMessageOf(notices: readonly Notice[], context: MessageContext): object {
  const plain = (text: string): object => ({ type: 'plain_text', text, emoji: false });
  const { told, more } = fitting(notices, context);
  return {
    text: escapeSlack(headOf(notices)),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [...told, ...more, FOOT].map((text) => ({ type: 'section', text: plain(text) })),
  };
}

/** For a workflow that takes adaptive cards. Runs of text: unlike blocks of text, no Markdown is read in them. */
export function teamsMessageOf(notices: readonly Notice[], context: MessageContext): object {
  const block = (text: string, weight: string): object => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, weight }],
  });
  const { told, more } = fitting(notices, context);
  const body = [
    block(headOf(notices), 'Bolder'),
    ...[...told, ...more, FOOT].flatMap((text) => text.split('\n').map((line) => block(line, 'Default'))),
  ];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    ...{ type: 'AdaptiveCard', version: '1.4', body },
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
}

/** As many as there is room for. */
function fitting(
  notices: readonly Notice[],
  context: MessageContext,
): { readonly told: readonly string[]; readonly more: readonly string[] } {
  const told: string[] = [];
  let bytes = 0;
  for (const notice of notices.slice(0, MAX_IN_CHAT)) {
    const text = clipText(textOf(notice, context));
    bytes += 2 * Buffer.byteLength(JSON.stringify(text));
    if (bytes > MAX_CHAT_BYTES && told.length > 0) break;
    told.push(text);
  }
  return { told, more: moreOf(notices.length - told.length) };
}

/** Of one block. */
const MAX_BLOCK = 2_800;

function clipText(text: string): string {
  return text.length <= MAX_BLOCK ? text : `${text.slice(0, MAX_BLOCK).toWellFormed()}…`;
}

function headOf([first, ...others]: readonly Notice[]): string {
  const title = first === undefined ? 'No notices' : first.title;
  return clip(others.length === 0 ? title : `${others.length + 1} notices: ${title}`, MAX_SUBJECT);
}

function moreOf(count: number): string[] {
  return count <= 0 ? [] : [`and ${count} more: nervous notices`];
}

function textOf(notice: Notice, context: MessageContext): string {
  const facts = notice.facts.map(({ name, value }) => `${name}: ${value}`);
  return [notice.title, ...facts, placeOf(notice, context)].join('\n');
}

function htmlOf(notice: Notice, context: MessageContext): string {
  const rows = notice.facts.map(
    ({ name, value }) => `<tr><th align="left">${escape(name)}</th><td><bdi>${escape(value)}</bdi></td></tr>`,
  );
  const place = placeOf(notice, context);
  const shown = place.startsWith('https:') ? `<a href="${escape(place)}">${escape(place)}</a>` : escape(place);
  return `<h3><bdi>${escape(notice.title)}</bdi></h3><table>${rows.join('')}</table><p>${shown}</p>`;
}

/** Where to look: an address without anything that signs in, or what to type. */
function placeOf({ subject }: Notice, { link }: MessageContext): string {
  if (subject.kind !== 'change-set') return 'nervous notices';
  return link === undefined ? `nervous changes show ${subject.id}` : `${link}${encodeURIComponent(subject.id)}`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Slack reads these three as markup in its fallback text. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
