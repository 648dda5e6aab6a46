/**
 * The rule that says which numbers exist and how they behave, without any state: hundreds of thousands
 * of contacts cost nothing until one is used. Documented in `docs/sandbox.md`; pure functions only.
 *
 * Last four digits: 0000 not on WhatsApp · 0001–6999 echo · 7000–7999 reader · 8000–8999 silent · 9000–9999 off.
 * Brazil: area codes 11–28 exist only with the ninth digit; from 31 on both writings answer, without it.
 */
export type Behaviour = 'echo' | 'reader' | 'silent' | 'off';

const shortestNumber = 8;
const longestNumber = 15;

function behaviourByRule(number: string): Behaviour {
  const tail = Number(number.slice(-4));
  if (tail < 7000) return 'echo';
  if (tail < 8000) return 'reader';
  return tail < 9000 ? 'silent' : 'off';
}

interface BrazilianMobile {
  readonly area: number;
  readonly subscriber: string;
  readonly hasNine: boolean;
}

/** A Brazilian mobile number's parts, in either writing; null for landlines and other countries. */
function brazilianMobile(number: string): BrazilianMobile | null {
  const match = /^55(\d\d)(9?)([6-9]\d{7})$/.exec(number);
  if (!match) return null;
  return { area: Number(match[1]), subscriber: match[3] ?? '', hasNine: match[2] === '9' };
}

/**
 * The number under which WhatsApp knows `number`, or null where nobody answers to it.
 * @example canonicalNumber('5531988887777') === '553188887777'
 */
export function canonicalNumber(number: string): string | null {
  if (!/^[1-9]\d*$/.test(number)) return null;
  if (number.length < shortestNumber || number.length > longestNumber) return null;
  if (number.endsWith('0000')) return null;
  const mobile = brazilianMobile(number);
  if (!mobile) return number;
  if (mobile.area <= 28) return mobile.hasNine ? number : null;
  return `55${mobile.area}${mobile.subscriber}`;
}

export function behaviourOf(number: string, override: (number: string) => Behaviour | null): Behaviour {
  return override(number) ?? behaviourByRule(number);
}

/** LIDs follow from numbers and back: 100 + length, then the digits reversed. */
export const lidOf = (number: string): string => `${100 + number.length}${[...number].reverse().join('')}`;

export function numberOfLid(lid: string): string | null {
  const digits = lid.slice(3);
  if (Number(lid.slice(0, 3)) !== 100 + digits.length) return null;
  return [...digits].reverse().join('');
}
