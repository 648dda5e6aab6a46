/** What WhatsApp's error codes of a refused message mean, in words that tell the user what to do. */
const texts = new Map<number, string>([
  [
    463,
    'WhatsApp holds back messages from this number to people who never wrote to it (463). Wait before writing to new contacts.',
  ],
  [475, 'WhatsApp does not let this account send to this chat (475).'],
  [479, 'WhatsApp refused the message as malformed for this recipient (479).'],
]);

export const refusalText = (code: number | null): string =>
  (code === null ? undefined : texts.get(code)) ??
  `WhatsApp refused the message${code === null ? '' : ` (${code})`}.`;
