/** Why a backup cannot be made or used, as a sentence for the operator. Thrown everywhere in this folder. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  /** The instance is here already. */
  readonly isTaken: boolean;

  constructor(message: string, { isTaken = false }: { isTaken?: boolean } = {}) {
    super(message);
    this.isTaken = isTaken;
  }
}
