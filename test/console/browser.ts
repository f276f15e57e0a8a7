/** Debian's Chromium with nobody's profile, and what it told of: errors of the page, violations of its policy, requests to elsewhere. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** It only ends a hang. */
const PATIENCE_MS = 240_000;
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell', '/usr/bin/google-chrome'];

export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error('there is no Chromium: apt-get install chromium, or say where one is by CHROMIUM');
  return chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    args: ['--no-sandbox', '--force-color-profile=srgb'],
  });
}

const TELL_VIOLATIONS = `addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
  console.error('violation: ' + effectiveDirective + ' ' + blockedURI + ' ' + sample))`;

export interface Watched {
  readonly page: Page;
  /** what should not be: uncaught errors, console errors, violations of the content security policy */
  readonly complaints: readonly string[];
  /** requests to any other origin */
  readonly foreign: readonly string[];
}

/** A page of its own, watched from before its first request. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('pageerror', (error) => void complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== origin) foreign.push(request.url());
  });
  await page.addInitScript(TELL_VIOLATIONS);
  return { page, complaints, foreign };
}
