/**
 * The sample configuration with rules that look at each step alone: for tests that propose all day long, about something else than
 * risk.
 */
import { defineConfig } from '../../core/system/index.ts';
import { config as sample } from '../../nervous.config.ts';
import { plainRisk } from './plain-rules.ts';

export const config = defineConfig({ ...sample, risk: plainRisk });
