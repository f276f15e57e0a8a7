/**
 * Server-sent events out of text that arrives in pieces cut anywhere, as WHATWG HTML section 9.2.6 interprets it. What is not
 * ended by a blank line when the text ends is dropped: it may be half an event. `retry` is left to the reader's own pauses.
 */
import { must } from '../../../core/errors/index.ts';
export interface ServerSentEvent {
  /** `message` when none is named */
  readonly type: string;
  readonly data: string;
  /** of this block or the newest before it that had one; empty: none yet */
  readonly lastEventId: string;
}

export class SseParser {
  private line = '';
  /** the last piece ended with CR: an LF at the beginning of the next one belongs to it */
  private isAfterCr = false;
  private type = '';
  private data: string[] = [];
  private id: string;
  private lastId: string;

  /** @param lastEventId of the connection before */
  constructor(lastEventId = '') {
    this.id = lastEventId;
    this.lastId = lastEventId;
  }

  /** What to come back with; moved on by blocks without data too. */
  get lastEventId(): string {
    return this.lastId;
  }

  /** The events that this piece completes. @param text decoded, without a byte order mark; cut between any two characters */
  push(text: string): readonly ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    for (const line of this.linesOf(text)) {
      if (line !== '') this.takeField(line);
      else {
        const event = this.dispatch();
        if (event !== undefined) events.push(event);
      }
    }
    return events;
  }

  private linesOf(text: string): readonly string[] {
    if (text === '') return [];
    const unread = this.isAfterCr && text.startsWith('\n') ? text.slice(1) : text;
    this.isAfterCr = text.endsWith('\r');
    const lines = (this.line + unread).split(/\r\n|\n|\r/);
    this.line = must(lines.pop(), 'the last line');
    return lines;
  }

  private takeField(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.type = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
  }

  private dispatch(): ServerSentEvent | undefined {
    const { type, data } = this;
    this.lastId = this.id;
    this.type = '';
    this.data = [];
    if (data.length === 0) return undefined;
    return { type: type === '' ? 'message' : type, data: data.join('\n'), lastEventId: this.lastId };
  }
}
