/** The sample configuration without the limits that keep one caller from drowning the others: what is measured is the rest. */
import { config as sample } from '../../nervous.config.ts';

const MANY = 100_000;

export const config = {
  ...sample,
  streams: { perPrincipal: MANY },
  protection: {
    ...sample.protection,
    subscriptionsPerPrincipal: MANY,
    storm: { perSecond: 'unlimited' as const, topics: {} },
  },
};
