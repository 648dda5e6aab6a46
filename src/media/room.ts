/** Whether the disk has room for a file beside what `DISK_RESERVE_MB` keeps free. Used before files are written. */
import { statfs } from 'node:fs/promises';

export async function hasRoom(dir: string, sizeBytes: number, reserveBytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize - sizeBytes >= reserveBytes;
}
