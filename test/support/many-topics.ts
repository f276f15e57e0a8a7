/** A configuration with more topics than a terminal has lines. */
import * as z from 'zod';
import { defineConfig } from '../../core/system/index.ts';
import { config as plain } from './plain-config.ts';

const TOPICS = 40;

const many = Array.from({ length: TOPICS }, (_, i) => [
  `many.topic_${i}`,
  { description: 'One of many', versions: { 1: z.strictObject({}) } },
]);

export const config = defineConfig({ ...plain, topics: { ...plain.topics, ...Object.fromEntries(many) } });
