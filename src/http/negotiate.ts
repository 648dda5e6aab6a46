/** Picks a media type by the `Accept` header (RFC 9110 §12.5.1), for routes that answer in several. */

interface Wish {
  readonly type: string;
  readonly weight: number;
}

function parseWish(text: string): Wish {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = q === undefined ? 1 : Number(q.slice(2));
  return { type, weight: Number.isFinite(weight) ? weight : 0 };
}

function covers(wish: string, type: string): boolean {
  return wish === type || wish === '*/*' || (wish.endsWith('/*') && type.startsWith(wish.slice(0, -1)));
}

const isExact = (wish: Wish): boolean => !wish.type.includes('*');

/** One of `types`, the first where nothing else is asked for; earlier wishes win among equal weights. */
export function preferredType(accept: string | undefined, types: readonly string[]): string {
  const wishes = (accept ?? '*/*').split(',').map(parseWish);
  const ranked = wishes
    .filter((wish) => wish.weight > 0)
    .sort((a, b) => b.weight - a.weight || Number(isExact(b)) - Number(isExact(a)));
  for (const wish of ranked) {
    const type = types.find((known) => covers(wish.type, known));
    if (type !== undefined) return type;
  }
  return types[0] ?? '';
}
