/** What nervous.config.ts says of a topic. */
import type * as z from 'zod';

export interface TopicDeclaration {
  readonly description: string;
  /** zod schema of the payload per version; declare objects with z.strictObject so that unknown keys are refused */
  readonly versions: Readonly<Record<number, z.ZodType>>;
}

export type Topics = Readonly<Record<string, TopicDeclaration>>;
