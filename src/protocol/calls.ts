/** Calls that come in. They can be rejected, and that is all: no media ever flows here. */
export interface CallActions {
  /** `not_found` where no such call rings. */
  RejectCall: { readonly input: { readonly callId: string }; readonly reply: null };
}
