/**
 * The command line of `npm run sandbox`. Read by `run.ts`; a wrong flag stops it with one line.
 */
import { parseArgs } from 'node:util';

export interface RunOptions {
  readonly port: number;
  readonly controlPort: number;
  readonly gatewayPort: number;
  readonly dataDir: string;
  /** Only the WhatsApp server, without a gateway. */
  readonly isAlone: boolean;
}

function port(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new Error(`--${flag} takes a port, not "${text}"`);
  return value;
}

export function readRunOptions(argv: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '3002' },
      'control-port': { type: 'string', default: '3001' },
      'gateway-port': { type: 'string', default: '3000' },
      'data-dir': { type: 'string', default: './data-sandbox' },
      'no-gateway': { type: 'boolean', default: false },
    },
  });
  return {
    port: port(values.port, 'port'),
    controlPort: port(values['control-port'], 'control-port'),
    gatewayPort: port(values['gateway-port'], 'gateway-port'),
    dataDir: values['data-dir'],
    isAlone: values['no-gateway'],
  };
}
