/** What the account shows of itself: name, about, picture, privacy, presence. */

/** `picture` is null where there is none. */
export interface ProfileView {
  readonly name: string | null;
  readonly about: string | null;
  readonly picture: string | null;
}

/** WhatsApp's privacy categories under the API's names, with the values that each takes. */
export const privacyValues = {
  lastSeen: ['all', 'contacts', 'contact_blacklist', 'none'],
  online: ['all', 'match_last_seen'],
  picture: ['all', 'contacts', 'contact_blacklist', 'none'],
  about: ['all', 'contacts', 'contact_blacklist', 'none'],
  readReceipts: ['all', 'none'],
  groupAdd: ['all', 'contacts', 'contact_blacklist'],
  calls: ['all', 'known'],
  messages: ['all', 'contacts'],
} as const;

export type PrivacyName = keyof typeof privacyValues;
export type PrivacyView = { readonly [N in PrivacyName]: string | null } & {
  /** Seconds after which messages of new chats disappear; 0 is never. */
  readonly defaultEphemeralSeconds: number;
};
export type PrivacyChange = { readonly [N in PrivacyName]?: string | undefined } & {
  readonly defaultEphemeralSeconds?: number | undefined;
};

export const onlineStates = ['available', 'unavailable'] as const;
export type OnlineState = (typeof onlineStates)[number];

export interface ProfileActions {
  GetProfile: { readonly input: Record<never, never>; readonly reply: ProfileView };
  ChangeProfile: {
    readonly input: { readonly name?: string | undefined; readonly about?: string | undefined };
    readonly reply: ProfileView;
  };
  SetProfilePicture: {
    /** A square JPEG; null removes the picture. */
    readonly input: { readonly image: Uint8Array | null };
    readonly reply: null;
  };
  GetPrivacy: { readonly input: Record<never, never>; readonly reply: PrivacyView };
  ChangePrivacy: { readonly input: PrivacyChange; readonly reply: PrivacyView };
  SetPresence: { readonly input: { readonly state: OnlineState }; readonly reply: null };
}
