/** Starts an engine as a user who may not write everywhere (root may), and prints what became of it. */
import { startEngine } from '../../../../adapters/embedded/index.ts';
import { config } from '../../../../nervous.config.ts';

const NOBODY = 65_534;

if (process.getuid?.() === 0) process.seteuid?.(NOBODY);
try {
  const engine = await startEngine({ config, dataDir: process.argv[2] ?? '', http: false });
  process.stdout.write(JSON.stringify({ started: true }));
  await engine.close();
} catch (error) {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  process.stdout.write(JSON.stringify({ code, message }));
}
