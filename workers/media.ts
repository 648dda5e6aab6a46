/** Thread entry of the media pool (piscina): stateless CPU work, one export a kind. Started by src/media/pool.ts. */
import { asOutcome } from '../src/media/outcome.ts';
import type { PrepareOrder } from '../src/media/prepare.ts';
import { stepBack } from '../src/media/priority.ts';
import type { BodyOrder } from '../src/media/read-body.ts';
import type { OpenOrder } from '../src/media/seal.ts';

stepBack();

export { renderQr } from '../src/media/qr.ts';

// Loaded when first asked for: a pool that only draws QR codes has no use for image libraries.
export const prepareMedia = asOutcome(async (order: PrepareOrder) =>
  (await import('../src/media/prepare.ts')).prepareMedia(order),
);
export const readBody = asOutcome(async (order: BodyOrder) =>
  (await import('../src/media/read-body.ts')).readBody(order),
);
export const unseal = asOutcome(async (order: OpenOrder) =>
  (await import('../src/media/seal.ts')).unseal(order),
);
export const readPage = asOutcome(async (order: { path: string }) =>
  (await import('../src/media/preview.ts')).readPage(order),
);
export const thumbnail = asOutcome(async ({ path }: { path: string }) =>
  (await import('../src/media/picture.ts')).thumbnailOf(path),
);
export const profilePicture = asOutcome(async ({ path }: { path: string }) =>
  (await import('../src/media/picture.ts')).profilePictureOf(path),
);
