/** Typing towards a chat, and hearing when somebody is online or types. */
export const typingStates = ['composing', 'recording', 'paused'] as const;
export type TypingState = (typeof typingStates)[number];

export interface PresenceActions {
  ShowTyping: {
    readonly input: { readonly chat: string; readonly state: TypingState };
    readonly reply: null;
  };
  SubscribePresence: { readonly input: { readonly chat: string }; readonly reply: null };
}
