/**
 * Which of the media types we can answer with a caller wants (RFC 9110 section 12.5.1). Who wants none of them gets the first:
 * an answer in another form is of more use than none.
 */

/** What an Accept header says of a media type, by how exactly it says it. */
interface Wish {
  readonly mediaType: string;
  readonly quality: number;
}

const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** @param offered ours first */
export function negotiate<Offer extends string>(
  accept: string | readonly string[] | undefined,
  offered: readonly [Offer, ...Offer[]],
): Offer {
  if (typeof accept !== 'string') return offered[0];
  const wishes = accept.split(',').map(wishOf);
  const ranked = offered.map((offer) => ({ offer, quality: qualityOf(offer, wishes) }));
  // Equal wishes: in our own order, because sorting is stable.
  const [best] = ranked.sort((a, b) => b.quality - a.quality);
  return best === undefined || best.quality === 0 ? offered[0] : best.offer;
}

function wishOf(part: string): Wish {
  const [mediaType = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
  const quality = parameters.map((parameter) => QUALITY.exec(parameter)?.[1]).find((text) => text !== undefined);
  return { mediaType, quality: quality === undefined ? 1 : Number(quality) };
}

/** The most exact wish counts: a type before its whole family before anything. */
function qualityOf(offer: string, wishes: readonly Wish[]): number {
  const family = `${offer.slice(0, offer.indexOf('/'))}/*`;
  for (const name of [offer, family, '*/*']) {
    const wish = wishes.find(({ mediaType }) => mediaType === name);
    if (wish !== undefined) return wish.quality;
  }
  return 0;
}
