/** Mail as files, one `.eml` each, for development: any mail program opens them. The newest are kept. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SendMail } from '../../../core/system/index.ts';
import { mimeMessage } from '../../machine/mime-message.ts';
import { systemClock } from '../machine/system-clock.ts';

export const MAIL_FOLDER = 'mail';
const MAX_FILES = 500;
const OWNER_ONLY = { file: 0o600, folder: 0o700 };

export function createMailFolder(folder: string, from: string): SendMail {
  return async (mail) => {
    try {
      await mkdir(folder, { recursive: true, mode: OWNER_ONLY.folder });
      const now = systemClock.now();
      const path = join(folder, `${String(now)}-${encodeURIComponent(mail.id).slice(0, 150)}.eml`);
      await writeFile(`${path}.part`, mimeMessage(mail, { from, now }), { mode: OWNER_ONLY.file });
      await rename(`${path}.part`, path);
      const files = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
      await Promise.all(files.slice(0, -MAX_FILES).map((name) => rm(join(folder, name), { force: true })));
      return { kind: 'sent' };
    } catch (error) {
      return { kind: 'later', reason: error instanceof Error ? error.message : String(error) };
    }
  };
}
