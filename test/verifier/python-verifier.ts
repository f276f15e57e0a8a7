/**
 * docs/verifier.py as one long-lived process: a JSON request a line, a JSON answer a line, in order. It knows nothing of
 * the product but the names of verdicts.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { prepareVenv } from '../aws/python-venv.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

export interface PythonRequest {
  readonly path: string;
  readonly vkeys?: readonly string[];
  readonly anchors?: string | undefined;
  readonly anchorsUpTo?: number | undefined;
  /** base64 */
  readonly remembered?: string | undefined;
  readonly requireAnchored?: boolean | undefined;
  readonly maxAgeMinutes?: number | undefined;
  readonly now?: number;
  /** only this chain; `state`: only decisions and documents */
  readonly entity?: string;
  readonly state?: boolean;
}

export interface PythonFinding {
  readonly verdict: string;
  readonly entity: string;
  readonly seq: number;
  readonly position?: number;
  readonly path?: string;
  readonly detail: string;
}

export type PythonAnswer =
  | {
      readonly verdict: string;
      readonly firstBad?: PythonFinding;
      readonly entries: number;
      readonly checked: readonly string[];
      readonly notChecked: readonly string[];
    }
  /** `usage`: what was asked cannot be answered; `crash`: the verifier's own fault */
  | { readonly error: 'usage' | 'crash'; readonly detail: string };

/** An interpreter with the package `cryptography`. */
export async function pythonOfVerifier(): Promise<string> {
  return prepareVenv(REQUIREMENTS, join(ROOT, '.cache'));
}

export class PythonVerifier {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: { resolve: (answer: PythonAnswer) => void; reject: (error: Error) => void }[] = [];
  private stderr = '';

  private constructor(python: string) {
    this.child = spawn(python, [join(ROOT, 'docs', 'verifier.py'), '--serve'], { stdio: 'pipe' });
    createInterface({ input: this.child.stdout }).on('line', (line) =>
      this.waiting.shift()?.resolve(JSON.parse(line) as PythonAnswer),
    );
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString('utf8')));
    this.child.once('exit', (code) => {
      const error = new Error(`docs/verifier.py ended with code ${code}: ${this.stderr}`);
      for (const { reject } of this.waiting.splice(0)) reject(error);
    });
  }

  static async start(): Promise<PythonVerifier> {
    return new PythonVerifier(await pythonOfVerifier());
  }

  ask(request: PythonRequest): Promise<PythonAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  stop(): void {
    this.child.stdin.end();
  }
}
