/**
 * Text of a person in an attribute of a stanza. Baileys writes attributes that look like something else
 * (a JID, a word of its dictionary) as that, and WhatsApp closes the connection over what comes of "Sales @".
 * Used where a name stands in an attribute; content goes as bytes and needs none of it.
 */
const fullWidthAt = '\uff20';
const zeroWidthSpace = '\u200b';

/** The text, or what looks like it and is written as text. */
export function attributeText(text: string): string {
  if (text in Object.prototype) return `${text}${zeroWidthSpace}`;
  return text.replaceAll('@', fullWidthAt);
}
