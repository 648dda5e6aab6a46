/** The command line was not understood, or lacks something: one sentence, exit status 2. Thrown in src/cli. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
