/** The one place where a promise may be let go of: its failure always reaches `onError`. */
export function detach(promise: Promise<unknown>, onError: (error: unknown) => void): void {
  promise.then(undefined, onError);
}
