/** The system's stacks, synthesized once per combination of settings, without bundling: templates do not depend on code. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { NervousSystem, type NervousSystemProps } from '../../lib/nervous-system.ts';
import { config } from '../../nervous.config.ts';

export const STACKS = ['LedgerStack', 'BusStack', 'WorkflowStack', 'ApiStack', 'MonitoringStack'] as const;
export type StackName = (typeof STACKS)[number] | 'LakeStack';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Synthesized {
  readonly app: App;
  readonly system: NervousSystem;
  readonly template: (stack: StackName) => Template;
  /** every resource of every stack, by stack and logical id */
  readonly resources: readonly (Resource & { readonly id: string; readonly stack: StackName })[];
}

const JWT = { issuer: 'https://issuer.example', audience: ['nervous'] };

/** @param context what the app's own `cdk.json` says. @param more what the app does with the system */
export function synthesize(
  props: Partial<NervousSystemProps> = {},
  context: Readonly<Record<string, unknown>> = {},
  more: (system: NervousSystem) => void = () => undefined,
): Synthesized {
  const app = new App({
    outdir: mkdtempSync(join(tmpdir(), 'nervous-synth-')),
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
  });
  const system = new NervousSystem(app, 'nervous', { config, jwt: JWT, ...props });
  more(system);
  const stacks: readonly StackName[] = system.lake === undefined ? STACKS : [...STACKS, 'LakeStack'];
  const templates = new Map(stacks.map((name) => [name, Template.fromStack(Stack.of(system.node.findChild(name)))]));
  const template = (name: StackName): Template => {
    const found = templates.get(name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  const resources = stacks.flatMap((stack) => {
    const all = (template(stack).toJSON() as { Resources: Record<string, Resource> }).Resources;
    return Object.entries(all).map(([id, resource]) => ({ ...resource, id, stack }));
  });
  return { app, system, template, resources };
}

export const ofType = ({ resources }: Synthesized, type: string): Synthesized['resources'] =>
  resources.filter(({ Type }) => Type === type);

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Principal?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const statementsOf = (policy: unknown): readonly Statement[] => (policy as { Statement: Statement[] }).Statement;

/** A token as text: joins joined, references in angle brackets. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join, Ref } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
  if (join !== undefined) return join[1].map(text).join(join[0]);
  return Ref === undefined ? JSON.stringify(value) : `<${Ref}>`;
}
