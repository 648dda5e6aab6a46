/** Health answers. */
import { z } from '@hono/zod-openapi';

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'starting', 'degraded', 'draining']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
  })
  .openapi('Health');

export const monitoringHealthSchema = healthSchema
  .extend({ instances: z.record(z.string(), z.int()), version: z.string() })
  .openapi('MonitoringHealth');
