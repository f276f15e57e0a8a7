/**
 * Mail by SMTP, which an optional library speaks: most installations write mail to files and need not have it. A connection that
 * leaves the machine must be encrypted, because addresses and the password travel on it.
 */
import type * as Nodemailer from 'nodemailer';
import { codeOf } from '../../../core/errors/index.ts';
import type { SendMail, SendOutcome } from '../../../core/system/index.ts';
import { isObject } from '../../../core/values/index.ts';
import { mimeMessage } from '../../machine/mime-message.ts';
import { EngineError } from '../machine/errors.ts';
import { systemClock } from '../machine/system-clock.ts';

/** All of them together are shorter than a notice waits for its answer, after which it is sent again. */
const TIMEOUTS_MS = { dnsTimeout: 5_000, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const PERMANENT = { from: 500, to: 599 };
/** Enhanced status codes (RFC 3463) of a server that does not want us, whomever the mail is for. */
const POLICY = /\b5\.7\.\d+\b/;

export interface SmtpOptions {
  /** `smtps://user:password@host:465`, or `smtp://` where the server offers STARTTLS */
  readonly url: string;
  /** who mails come from; undefined: nobody said it */
  readonly from: string | undefined;
}

/** Connects to nobody yet. @throws EngineError MAIL_UNAVAILABLE: the settings do not do, or the library is not installed */
export async function openSmtpMail({ url, from }: SmtpOptions): Promise<SendMail> {
  const hostname = hostOf(url);
  if (from === undefined) throw unavailable('mail by SMTP needs a sender: set "notices.from" in the configuration');
  const { createTransport } = await library();
  const transport = createTransport({
    ...{ url, ...TIMEOUTS_MS, requireTLS: !LOOPBACK.has(hostname) },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return async (mail) => send(transport, from, mail);
}

async function send(
  transport: Nodemailer.Transporter,
  from: string,
  mail: Parameters<SendMail>[0],
): Promise<SendOutcome> {
  try {
    const raw = mimeMessage(mail, { from, now: systemClock.now() });
    await transport.sendMail({ envelope: { from, to: [mail.to] }, raw });
    return { kind: 'sent' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: isRefused(error) ? 'refused' : 'later', reason };
  }
}

/** That the server will never take mail for this address. Whatever else it says is about us, and may be mended. */
function isRefused(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { command, responseCode: code, message } = error;
  const isAddress = command === 'RCPT TO' && typeof code === 'number';
  return (
    isAddress && code >= PERMANENT.from && code <= PERMANENT.to && typeof message === 'string' && !POLICY.test(message)
  );
}

/** Never names the URL, which may hold a password. */
function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw unavailable('the address of the mail server is no URL like smtps://user:password@host:465');
  return parsed.hostname;
}

async function library(): Promise<typeof Nodemailer> {
  try {
    return await import('nodemailer');
  } catch (cause) {
    if (codeOf(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw unavailable('mail by SMTP needs a library that is not installed: npm install nodemailer');
  }
}

function unavailable(message: string): EngineError {
  return new EngineError({ code: 'MAIL_UNAVAILABLE', message });
}
