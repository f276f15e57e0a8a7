/** How an engine sends mail: by a function of whoever starts it, by SMTP, or as files. */
import { join } from 'node:path';
import type { NervousConfig, SendMail } from '../../../core/system/index.ts';
import { createMailFolder, MAIL_FOLDER } from './mail-folder.ts';
import { openSmtpMail } from './smtp-mail.ts';

/** Mail in files needs a sender, and nobody answers it. */
const NOBODY = 'nervous@localhost';

interface MailOptions {
  readonly config: Pick<NervousConfig, 'notices'>;
  readonly dataDir: string;
  readonly mail?: SendMail;
  readonly smtp?: string;
}

/** @throws EngineError MAIL_UNAVAILABLE */
export async function openMail({ config, dataDir, mail, smtp }: MailOptions): Promise<SendMail> {
  const { from } = config.notices;
  if (mail !== undefined) return mail;
  if (smtp !== undefined) return openSmtpMail({ url: smtp, from });
  return createMailFolder(join(dataDir, MAIL_FOLDER), from ?? NOBODY);
}
