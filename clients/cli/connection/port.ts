/** A port on a command line. */
import { InvalidArgumentError } from 'commander';

const MAX_PORT = 65_535;

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new InvalidArgumentError(`a port is 0-${MAX_PORT}.`);
}
