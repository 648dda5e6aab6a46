/**
 * Where media goes (xmlns w:m): the sandbox's own TLS server. Called by the answer table.
 */
import { node } from '../wire/node.ts';
import type { Answerer } from './query.ts';

export const answerMedia: Answerer = ({ world }) => {
  const host = node('host', { hostname: world.mediaHost, maxContentLengthBytes: '134217728' });
  return [node('media_conn', { auth: 'sandbox', ttl: '3600', auth_ttl: '3600', max_buckets: '12' }, [host])];
};
