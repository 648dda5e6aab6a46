/**
 * Media on its way to WhatsApp and back, as plain data: what a request brought (`Upload`), what is ready to be
 * uploaded (`PreparedMedia`), and the port through which the front reaches the media room. Commands carry these
 * references, never the bytes.
 */
export const mediaKinds = ['image', 'video', 'document', 'audio', 'voice', 'video_note', 'sticker'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** A file that a request brought, in the spool until the request is over. */
export interface Upload {
  /** Its name in the spool. */
  readonly id: string;
  readonly sizeBytes: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
  /** As the sender or the server it came from declared them. */
  readonly mimetype: string | null;
  readonly filename: string | null;
}

/** What is to be made of an upload. */
export interface MediaOrder {
  readonly kind: MediaKind;
  readonly upload: Upload;
  /** What the request says, above what the upload declares. */
  readonly mimetype: string | null;
  readonly filename: string | null;
  /** Newsletters are public: their media is uploaded as it is. */
  readonly isEncrypted: boolean;
  readonly instance: string;
  /** Names the prepared file: it lives as long as this message is queued. */
  readonly messageId: string;
}

/** Converted, measured, encrypted: in the outgoing spool until the message is sent or failed. */
export interface PreparedMedia {
  /** Relative to the outgoing spool. */
  readonly file: string;
  readonly mimetype: string;
  readonly filename: string | null;
  readonly sizeBytes: number;
  readonly fileSha256: Uint8Array;
  readonly fileEncSha256: Uint8Array;
  /** null: not encrypted. */
  readonly mediaKey: Uint8Array | null;
  readonly seconds: number | null;
  readonly width: number | null;
  readonly height: number | null;
  /** 64 samples from 0 to 100. */
  readonly waveform: Uint8Array | null;
  /** A small JPEG. */
  readonly thumbnail: Uint8Array | null;
  readonly isAnimated: boolean;
}

/** What stands under a link in a text. */
export interface LinkPreview {
  /** As it stands in the text. */
  readonly matchedText: string;
  readonly url: string;
  readonly title: string;
  readonly description: string | null;
  readonly thumbnail: Uint8Array | null;
}

/** A JSON body too large for the main thread, read in the pool: its text without the file, and the file. */
export interface ReadBody {
  readonly text: string;
  readonly upload: Upload | null;
}

/** The media room as the front sees it. Everything rejects with an `AppError`. */
export interface MediaIntake {
  /** Of a file, and of a JSON body that carries one as base64. */
  readonly maxBytes: number;
  readonly bodyMaxBytes: number;
  /** Streams a file into the spool; `body_too_large` above `maxBytes`. */
  receive(
    source: AsyncIterable<Uint8Array>,
    about: { mimetype: string | null; filename: string | null },
  ): Promise<Upload>;
  /** As `receive`, from a URL that a user named. */
  fetch(url: string): Promise<Upload>;
  /** The JSON body that `source` streams, whose `base64` member may be as large as a file. */
  readJson(source: AsyncIterable<Uint8Array>): Promise<ReadBody>;
  /** A small base64 text. */
  decode(base64: string): Promise<Upload>;
  /** `conversion_failed` where the file is not what its kind takes. */
  prepare(order: MediaOrder): Promise<PreparedMedia>;
  /** A small square JPEG for a profile or a group; `conversion_failed` where the file is no picture. */
  profilePicture(upload: Upload): Promise<Uint8Array>;
  /** Removes a prepared file that no message took. Never rejects. */
  drop(media: PreparedMedia): Promise<void>;
  /** The preview of the first link in a text; null where there is none to be had. Never rejects. */
  preview(text: string): Promise<LinkPreview | null>;
  /** Decrypts what the shard fetched, which is removed from the spool. */
  openFetched(fetched: FetchedMedia): Promise<OpenedMedia>;
  /** Removes a file of a request. Never rejects. */
  release(upload: Upload): Promise<void>;
}

/** In the spool, where whoever was given it removes it, or among the files that are kept. */
export type MediaPlace =
  | { readonly in: 'spool'; readonly id: string }
  | { readonly in: 'kept'; readonly file: string };

/** A file of a message as the shard brought it from WhatsApp, still encrypted. */
export interface FetchedMedia {
  readonly place: MediaPlace;
  readonly kind: MediaKind;
  readonly mimetype: string;
  readonly filename: string | null;
  /** null: not encrypted. */
  readonly mediaKey: Uint8Array | null;
  readonly fileSha256: Uint8Array | null;
}

/** A plain file in the spool, checked to its last byte. */
export interface OpenedMedia {
  readonly sizeBytes: number;
  /** From and with these bytes; released when it is read or given up. */
  read(from: number, to: number): ReadableStream<Uint8Array>;
  /** Removes it; never rejects. */
  release(): Promise<void>;
}

export interface FetchMediaInput {
  readonly messageId: string;
  readonly chat: string | null;
  /** Not the kept file, which is damaged. */
  readonly isFresh: boolean;
}

export interface MediaActions {
  /** The file of a message, from WhatsApp's media host; asked of the phone again where it is gone there. */
  FetchMedia: { input: FetchMediaInput; reply: FetchedMedia };
  /** Where the file of a message lies now, uploaded again by the phone where it had to be; null: as it says. */
  LocateMedia: { input: { readonly messageId: string; readonly chat: string | null }; reply: string | null };
}
