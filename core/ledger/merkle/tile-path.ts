/** Where a log keeps its hashes and entries, as C2SP tlog-tiles names them. https://c2sp.org/tlog-tiles */

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256;
/** Levels of the tree between a tile's hashes and the root of them: log2(TILE_WIDTH). */
export const TILE_HEIGHT = 8;

/** @param width 1 to 256; less than 256 is a partial tile */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  return `tile/${level}/${indexPath(index)}${suffix(width)}`;
}

export function bundlePath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${indexPath(index)}${suffix(width)}`;
}

/** How many hashes the tile has when the tree has `size` leaves: 0 to 256. Bundles are as wide as tiles of level 0. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** 1234067 is `x001/x234/067`: no folder has more than a thousand names, and none is also a file. */
function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

function suffix(width: number): string {
  return width === TILE_WIDTH ? '' : `.p/${width}`;
}
