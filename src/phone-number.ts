/**
 * Phone numbers as people write them, and the Brazilian mobile numbers that WhatsApp knows with and without their
 * ninth digit. Pure text; whether a number is on WhatsApp is asked in `whatsapp/numbers.ts`.
 */
export const phoneDigitsMin = 7;
export const phoneDigitsMax = 15;

const brazilianMobile = /^55(\d{2})9?(\d{8})$/;

/** The digits of a number in any common writing, how many there are; null where the text is no number. */
export function digitsWritten(text: string): string | null {
  return /^[+\d\s().\-/]+$/.test(text) ? text.replace(/\D/g, '').replace(/^00/, '') : null;
}

/** Both writings of a Brazilian mobile number have the same. */
export const withoutNinthDigit = (digits: string): string => digits.replace(brazilianMobile, '55$1$2');

/** The number as it is written, and the other writing where there is one. */
export function bothWritings(digits: string): string[] {
  const short = withoutNinthDigit(digits);
  if (short !== digits) return [digits, short];
  return brazilianMobile.test(digits) ? [digits, digits.replace(brazilianMobile, '55$19$2')] : [digits];
}
