/** What WhatsApp tells about somebody: picture, about text, business profile. */
import type { Party } from './message.ts';

export const pictureSizes = ['preview', 'image'] as const;
export type PictureSize = (typeof pictureSizes)[number];

/** `url` is WhatsApp's own and holds for a while; `id` changes with the picture. */
export interface PictureView {
  readonly id: string | null;
  readonly url: string;
}

export interface AboutView {
  readonly contact: Party;
  readonly about: string | null;
  /** ms since the epoch. */
  readonly setAt: number | null;
}

export interface BusinessView {
  readonly contact: Party;
  readonly description: string | null;
  readonly address: string | null;
  readonly email: string | null;
  readonly websites: readonly string[];
  readonly category: string | null;
}

export interface ContactActions {
  GetContactPicture: {
    readonly input: { readonly address: string; readonly size: PictureSize };
    readonly reply: PictureView;
  };
  GetContactAbout: { readonly input: { readonly address: string }; readonly reply: AboutView };
  GetContactBusiness: { readonly input: { readonly address: string }; readonly reply: BusinessView };
}
