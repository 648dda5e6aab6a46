/** REST calls with keep-alive and little CPU: what loads a gateway in the benches. Never retries. */
import { Pool } from 'undici';
import { benchKey } from './instances-process.ts';

export class Rest {
  readonly #pool: Pool;

  constructor(port: number, connections = 128) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections });
  }

  /** The status and body; the body is read whole. */
  async raw(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = { authorization: `Bearer ${benchKey}` };
    if (body) headers['content-type'] = 'application/json';
    const answer = await this.#pool.request({
      ...{ method, path, headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async json<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    const { status, text } = await this.raw(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text || 'null') as T;
  }

  async open(): Promise<number> {
    const health = await this.json<{ instances: Record<string, number> }>('GET', '/monitoring/health').catch(
      () => null,
    );
    return health?.instances['open'] ?? 0;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
