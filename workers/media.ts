/** Thread entry of the media pool (piscina): stateless CPU work, one export a kind. Started by src/media/pool.ts. */
export { renderQr } from '../src/media/qr.ts';
