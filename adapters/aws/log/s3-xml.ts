/**
 * The XML that S3 speaks, and no more of XML: elements, text and entities. A document type, a comment or anything else that
 * S3 never sends is no answer of S3. Attributes are passed over.
 */
import { orBlank, orNone } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';
import { AwsError } from '../request/errors.ts';

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** directly in it */
  readonly text: string;
}

const DECLARATION = /^\uFEFF?<\?xml [^<>]*\?>/;
const TOKEN = /<(\/?)([A-Za-z_][\w:.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|([^<]+)/y;
const ENTITY = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));|&/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_CODE_POINT = 0x10ffff;

type Growing = { readonly name: string; readonly children: Growing[]; text: string };

/** @throws AwsError ANSWER_INVALID */
export function parseXml(bytes: Uint8Array): XmlElement {
  const xml = decode(bytes);
  const top: Growing = { name: '', children: [], text: '' };
  const open = [top];
  let at = orNone(DECLARATION.exec(xml)?.[0].length);
  while (at < xml.length) {
    TOKEN.lastIndex = at;
    const [token, slash, name = '', selfClosing, text] = TOKEN.exec(xml) ?? [];
    const parent = open.at(-1);
    if (token === undefined || parent === undefined) throw invalid(`at character ${at}: ${xml.slice(at, at + 40)}`);
    if (text !== undefined) parent.text += withoutEntities(text);
    else if (slash === '') {
      const element = { name, children: [], text: '' };
      parent.children.push(element);
      if (selfClosing === '') open.push(element);
    } else if (open.length < 2 || open.pop()?.name !== name || selfClosing !== '')
      throw invalid(`</${name}> at character ${at} ends nothing`);
    at += token.length;
  }
  const [, unended] = open;
  if (unended !== undefined) throw invalid(`<${open.at(-1)?.name ?? unended.name}> does not end`);
  return onlyElementOf(top);
}

function onlyElementOf({ children: [root, second], text }: Growing): XmlElement {
  if (root === undefined || second !== undefined || text.trim() !== '') throw invalid('not one element');
  return root;
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** undefined: there is no such element in it */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childrenOf(element, name)[0]?.text;
}

/** Text between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function invalid(why: string): AwsError {
  return new AwsError({ code: 'ANSWER_INVALID', message: `S3 answered with XML that is not its own: ${why}` });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('not UTF-8');
  }
}

function withoutEntities(text: string): string {
  return text.replace(ENTITY, (entity, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return must(NAMED[name], 'the named character');
    const point = decimal !== undefined ? Number(decimal) : Number.parseInt(orBlank(hex), 16);
    if (!(point <= MAX_CODE_POINT)) throw invalid(`${entity} is no entity of XML`);
    return String.fromCodePoint(point);
  });
}
