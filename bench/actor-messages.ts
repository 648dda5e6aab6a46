/** The messages that every variant of the actor bench sends and echoes, and their predefined shapes. */
import type { Shapes } from '../src/thread/codec.ts';

export interface SendText {
  readonly kind: 'SendText';
  readonly instance: string;
  readonly to: string;
  readonly messageId: string;
  readonly text: string;
  readonly at: number;
}

export const shapes: Shapes = { SendText: ['kind', 'instance', 'to', 'messageId', 'text', 'at'] };

/** About `bytes` bytes when packed. */
export function sendText(bytes: number): SendText {
  return {
    kind: 'SendText',
    instance: 'instance-0042',
    to: '5511999990042@s.whatsapp.net',
    messageId: '3EB0C767D26A1D2D2A5F',
    text: 'x'.repeat(Math.max(1, bytes - 120)),
    at: 1_790_000_000_000,
  };
}
