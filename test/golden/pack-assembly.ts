/**
 * The stacks of a release with the code of their functions, as one file: run once on what the release's own commit synthesised, and kept
 * (README.md here, which has the command). `node test/golden/pack-assembly.ts <cdk.out> <file>`
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

/** What tells of the machine, and what nobody reads again. */
const LEFT_OUT = ['tree.json', 'validation-report.json', '*.metadata.json'];
/** Functions have much in common, hundreds of kilobytes apart. */
const WINDOW_BITS = 24;

const [from = '', to = ''] = process.argv.slice(2);
const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
const args = ['-c', ...same, ...LEFT_OUT.map((name) => `--exclude=${name}`), '-C', from, '.'];
const tar = execFileSync('tar', args, { maxBuffer: 2 ** 30 });
writeFileSync(to, brotliCompressSync(tar, { params: { [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS } }));
