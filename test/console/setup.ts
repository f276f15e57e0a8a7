/** Once per `npm run test:console`: builds the console as engines serve it. */
import { buildConsole } from '../../console/build.ts';

export default async function setup(): Promise<void> {
  await buildConsole();
}
