/** Export and import of one instance. */
import { z } from '@hono/zod-openapi';

const passphrase = z.string().min(12).max(1_000).openapi({
  description: 'Of this file; as long as for BACKUP_PASSPHRASE.',
  example: 'correct horse battery',
});

export const exportInput = z.strictObject({ passphrase }).openapi('ExportInput');

export const importInput = z
  .strictObject({
    passphrase,
    connect: z.boolean().default(false).openapi({
      description: 'Connects it at once. First be sure that the other gateway does not run it any more.',
    }),
    base64: z
      .string()
      .optional()
      .openapi({ description: 'The file, where it does not come as a part "file".' }),
  })
  .openapi('ImportInput');
